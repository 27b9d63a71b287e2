"""The design system: colours, spacing, type scale, icons and the style sheet made of them."""
