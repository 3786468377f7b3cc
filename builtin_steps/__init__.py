"""The pack that ships with synapse-plugins; it uses public names only, as any other pack would."""
