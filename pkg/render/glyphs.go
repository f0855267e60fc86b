package render

// Glyphs are the signs that not every terminal can show.
type Glyphs struct{ Arrow, Yes, No string }

// Unicode are the signs of a terminal whose locale is UTF-8.
func Unicode() Glyphs { return Glyphs{Arrow: "→", Yes: "✓", No: "✗"} }

// ASCII are the signs of any other.
func ASCII() Glyphs { return Glyphs{Arrow: "->", Yes: "ok", No: "x"} }
