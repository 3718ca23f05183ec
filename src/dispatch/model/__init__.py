"""What things are: frozen dataclasses and enums that know nothing of HTTP, SQL, SMTP or TOML."""
