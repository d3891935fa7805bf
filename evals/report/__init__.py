"""Reports of a run: what is shown, the charts, the page, the Markdown, JUnit and the terminal's table."""
