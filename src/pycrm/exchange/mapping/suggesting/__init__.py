"""How a mapping is suggested: by the headers, by presets of known products, and by what the cells look like."""
