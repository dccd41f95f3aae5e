//! Characters that a reader does not see, or that change what a reader sees.

/// Whether a character leaves no mark of its own on a screen, breaks a line where nothing shows it,
/// or changes the order of those around it. Control characters are not among them: who asks has
/// rules of its own for tabs and line ends.
///
/// These are the default ignorable code points of Unicode (soft hyphens, fillers, joiners,
/// variation selectors, tags), the bidirectional and line separators, the annotation marks, the
/// noncharacters at the end of the first plane, and the braille pattern without a dot.
pub fn is_unseen(character: char) -> bool {
    // Plain ASCII, which nearly all text is, comes before all of these.
    character >= '\u{ad}'
        && matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
