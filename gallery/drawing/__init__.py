"""Pictures and tables of what models are asked and answer, for the page and for reports.

Every picture is SVG, made by plain code: small, the same each time, of the page's own typeface. It
has a title and a description for those who hear it, and no colour says anything alone. Colours are
CSS variables, which a page may set (`--draw-ink`, `--draw-quiet`, `--draw-grid`, `--draw-paper`,
`--draw-1` to `--draw-3`, `--draw-good`, `--draw-bad`); `svg.COLOURS` has what holds where it sets
none.
"""
