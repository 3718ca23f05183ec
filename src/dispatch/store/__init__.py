"""Where things are kept: tables, migrations, one file of typed functions per noun. The only SQL."""
