"""What people do with requests and reading tasks: the one writer of each."""
