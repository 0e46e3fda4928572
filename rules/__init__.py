"""What is true: plain functions of values. Standard library only; `now` is always an argument."""
