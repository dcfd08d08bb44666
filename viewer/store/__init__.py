"""The frame store: a process that fetches and decodes frames once, and files that everybody maps. No Django."""
