"""Writers: tables and runs as a web page, Markdown, LaTeX, comma-separated values, and in the terminal."""
