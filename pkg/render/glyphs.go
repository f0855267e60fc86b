package render

// Glyphs are the signs that not every terminal can show.
type Glyphs struct {
	Arrow, Yes, No string
	// Free, Some, Used and Collision are the signs of a map of ports.
	Free, Some, Used, Collision string
}

// Unicode are the signs of a terminal whose locale is UTF-8.
func Unicode() Glyphs {
	return Glyphs{Arrow: "→", Yes: "✓", No: "✗", Free: "·", Some: "▪", Used: "■", Collision: "✗"}
}

// ASCII are the signs of any other.
func ASCII() Glyphs {
	return Glyphs{Arrow: "->", Yes: "ok", No: "x", Free: ".", Some: "+", Used: "#", Collision: "!"}
}
