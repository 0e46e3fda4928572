"""How people, the core system and the carrier ask us."""
