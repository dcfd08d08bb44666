"""Derived DICOM objects, written and read."""
