"""From a value to the final text: as it is, or in the form that the query asks for."""
