"""How the telephone network is reached. Knows no database."""
