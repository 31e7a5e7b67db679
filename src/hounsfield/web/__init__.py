"""The page of `hu view`: what it may ask, who may ask, and what is answered. The only room with asynchronous code."""
