//! Small pieces of HTML; every text passes through [`escape`].

/// Text made safe inside elements and quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A table under construction; cells are plain text.
pub struct Table {
    caption: String,
    head: Vec<String>,
    body: String,
    /// Columns that hold numbers.
    numbers: Vec<usize>,
}

impl Table {
    /// A table with its heading row; columns in `numbers` are aligned right.
    pub fn new(caption: &str, head: &[&str], numbers: impl IntoIterator<Item = usize>) -> Table {
        Table {
            caption: caption.to_owned(),
            head: head.iter().map(|h| (*h).to_owned()).collect(),
            body: String::new(),
            numbers: numbers.into_iter().collect(),
        }
    }

    /// A row.
    pub fn row<S: AsRef<str>>(&mut self, cells: &[S]) {
        self.classed_row("", cells);
    }

    /// A row of a class (`group` opens one, `total` closes one).
    pub fn classed_row<S: AsRef<str>>(&mut self, class: &str, cells: &[S]) {
        match class {
            "" => self.body.push_str("<tr>"),
            _ => self.body.push_str(&format!("<tr class=\"{class}\">")),
        }
        for (i, cell) in cells.iter().enumerate() {
            let tag = if i == 0 { "th scope=\"row\"" } else { "td" };
            let close = if i == 0 { "th" } else { "td" };
            let class = self.class(i);
            let text = escape(cell.as_ref());
            self.body.push_str(&format!("<{tag}{class}>{text}</{close}>"));
        }
        self.body.push_str("</tr>\n");
    }

    fn class(&self, column: usize) -> &'static str {
        match self.numbers.contains(&column) {
            true => " class=\"n\"",
            false => "",
        }
    }

    /// The table, scrollable when it is too wide.
    pub fn finish(self) -> String {
        let mut head = String::new();
        for (i, cell) in self.head.iter().enumerate() {
            let class = self.class(i);
            head.push_str(&format!("<th scope=\"col\"{class}>{}</th>", escape(cell)));
        }
        let caption = match self.caption.as_str() {
            "" => String::new(),
            text => format!("<caption>{}</caption>", escape(text)),
        };
        let body = self.body;
        format!(
            "<div class=\"wide\"><table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n"
        )
    }
}

/// A section with a heading.
pub fn section(id: &str, title: &str, content: &str) -> String {
    format!("<section id=\"{}\"><h2>{}</h2>\n{content}</section>\n", escape(id), escape(title))
}

/// A paragraph of a class.
pub fn paragraph(class: &str, text: &str) -> String {
    format!("<p class=\"{class}\">{}</p>\n", escape(text))
}

/// A list of texts.
pub fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let items: String = items.map(|i| format!("<li>{}</li>\n", escape(i))).collect();
    match items.is_empty() {
        true => items,
        false => format!("<ul>\n{items}</ul>\n"),
    }
}
