"""Work over many inputs, without anybody who watches: what to take, where outputs go, and what became of each."""
