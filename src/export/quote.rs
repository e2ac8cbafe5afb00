//! Text as each language wants it between quotes.

/// For JSON, TypeScript and Python: the escapes they share.
pub fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// For HCL: as JSON, and nothing is a template.
pub fn hcl(text: &str) -> String {
    json(text).replace("${", "$${").replace("%{", "%%{")
}

/// For a shell, between single quotes.
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// One line of a comment.
pub fn comment(mark: &str, text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("{mark} {text}\n")
}
