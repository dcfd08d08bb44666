"""`make bench`: every benchmark in turn."""

from bench import rendered

if __name__ == "__main__":
    rendered.main()
