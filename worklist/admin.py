"""Requests and reading tasks hold patients: they are not in /admin/, which is for who runs the system."""
