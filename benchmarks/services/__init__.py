"""The contenders of a few lines, as the programs that they are."""
