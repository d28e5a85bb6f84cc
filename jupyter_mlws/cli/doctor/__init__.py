"""What `mlws doctor` looks at, a file for each part; `round` goes through all of them."""
