"""The RIS side: requests and reading tasks."""
