"""Headers of many files at once: walked, typed and put into a table."""
