"""`python -m imagebank`: the same as `imagebank`."""

from imagebank.cli import main

if __name__ == "__main__":
    main()
