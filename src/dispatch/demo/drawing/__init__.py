"""The magazine's illustrations and book covers, drawn with code instead of being shipped as files."""
