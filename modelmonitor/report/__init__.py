"""What a drift run found, as data (JSON), as a page (HTML) and as entries of `.status.checks`."""
