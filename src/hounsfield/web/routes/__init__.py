"""What is done for each address; each module lists its own as `ROUTES`: method, path, handler."""
