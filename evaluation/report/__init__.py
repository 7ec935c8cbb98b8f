"""What a study leaves for people: tables, figures, a report and a table on the terminal, all from its summary."""
