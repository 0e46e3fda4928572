"""Call scripts and rule profiles as data, and the loaders that refuse a bad one."""
