//! A page that needs nothing else and does nothing.
//!
//! What a cell shows was made by code that nobody has to trust. Three things keep it harmless, each
//! enough by itself: what is not known to be harmless is removed from it; images are data, so an SVG
//! is a picture and no document; and the page's own policy lets nothing run and nothing load.

use std::borrow::Cow;
use std::collections::HashSet;

use data_encoding::BASE64;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag};
use serde_json::{Map, Value};

use super::{Shown, plain, text};
use crate::notebook::CellKind;
use crate::notebook::live::Cell;

const HEAD: &str = "<meta charset=\"utf-8\">\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\
<meta name=\"referrer\" content=\"no-referrer\">\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}\
pre{overflow-x:auto;margin:.5rem 0;padding:.6rem .8rem;font:13px/1.5 ui-monospace,monospace;white-space:pre-wrap}\
.code{background:#f4f5f7;border-left:3px solid #8aa4c8}.error{background:#fdecea}\
.number{color:#667;font:12px ui-monospace,monospace}.output{overflow-x:auto;contain:paint}\
img{max-width:100%}table{border-collapse:collapse}td,th{padding:.2rem .6rem;border:1px solid #ddd;text-align:left}\
@media print{pre{white-space:pre-wrap}}</style>";

/// Images that a browser shows and that are no documents.
const IMAGES: [&str; 5] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/bmp",
];

/// Returns the cells as a page.
pub(super) fn write<'n>(name: &str, cells: impl Iterator<Item = Shown<'n>>) -> String {
    let name = escaped(name);
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head>{HEAD}<title>{name}</title></head><body><main>\n"
    );
    for (cell, outputs) in cells {
        match cell.kind {
            CellKind::Markdown => page.push_str(&format!(
                "<section>{}</section>\n",
                prose(&cell.source, cell.attachments.as_ref())
            )),
            CellKind::Raw => page.push_str(&format!(
                "<section><pre>{}</pre></section>\n",
                escaped(&cell.source)
            )),
            CellKind::Code => {
                page.push_str(&format!(
                    "<section>{}<pre class=\"code\">{}</pre>\n",
                    number(cell),
                    escaped(&cell.source)
                ));
                for output in outputs {
                    page.push_str(&format!("<div class=\"output\">{}</div>\n", shown(output)));
                }
                page.push_str("</section>\n");
            }
        }
    }
    page.push_str("</main></body></html>\n");
    page
}

fn number(cell: &Cell) -> String {
    let count = cell
        .execution_count
        .map_or(String::new(), |count| format!("[{count}]"));
    format!("<div class=\"number\">{count}</div>")
}

/// Returns the richest form of an output that can be shown without trusting it.
fn shown(output: &Value) -> String {
    let data = output.get("data").and_then(Value::as_object);
    let rich = data.and_then(|data| {
        if let Some(html) = data.get("text/html") {
            return Some(harmless(&text(Some(html))));
        }
        if let Some(uri) = picture(data) {
            let label = escaped(&text(data.get("text/plain")));
            return Some(format!("<img alt=\"{label}\" src=\"{uri}\">"));
        }
        data.get("text/markdown")
            .map(|markdown| prose(&text(Some(markdown)), None))
    });
    if let Some(rich) = rich {
        return rich;
    }
    let is_error = output
        .get("output_type")
        .is_some_and(|kind| kind == "error");
    let class = if is_error { " class=\"error\"" } else { "" };
    let plain = plain(output).or_else(|| {
        let (mime, value) = data?.iter().next()?;
        Some(if mime.starts_with("text/") {
            text(Some(value))
        } else {
            format!("[{mime}]")
        })
    });
    format!("<pre{class}>{}</pre>", escaped(&plain.unwrap_or_default()))
}

/// Returns a bundle's image as the address of its own bytes.
pub(super) fn picture(data: &Map<String, Value>) -> Option<String> {
    for mime in IMAGES {
        let Some(value) = data.get(mime) else {
            continue;
        };
        let base64: String = text(Some(value)).split_ascii_whitespace().collect();
        // Only what is base64 cannot end the attribute it stands in.
        if BASE64.decode(base64.as_bytes()).is_ok() {
            return Some(format!("data:{mime};base64,{base64}"));
        }
    }
    let svg = text(Some(data.get("image/svg+xml")?));
    Some(format!(
        "data:image/svg+xml;base64,{}",
        BASE64.encode(svg.as_bytes())
    ))
}

/// Returns Markdown as harmless HTML; images that are attached stand in it.
fn prose(markdown: &str, attachments: Option<&Map<String, Value>>) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(markdown, options).map(|event| match event {
        Event::Start(Tag::Image {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let dest_url = attached(&dest_url, attachments).map_or(dest_url, CowStr::from);
            Event::Start(Tag::Image {
                link_type,
                dest_url,
                title,
                id,
            })
        }
        other => other,
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    harmless(&html)
}

/// Returns the data of an attached image. Its name is a key and never a path.
fn attached(address: &str, attachments: Option<&Map<String, Value>>) -> Option<String> {
    let name = address.strip_prefix("attachment:")?;
    let name = url::form_urlencoded::parse(format!("n={}", name.replace('+', "%2B")).as_bytes())
        .next()?
        .1
        .into_owned();
    picture(attachments?.get(&name)?.as_object()?)
}

/// Returns HTML without anything that runs, loads or leaves the page.
fn harmless(html: &str) -> String {
    let mut cleaner = ammonia::Builder::default();
    cleaner
        .url_schemes(HashSet::from(["http", "https", "mailto", "data"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .add_generic_attributes(["colspan", "rowspan"])
        .attribute_filter(|element, attribute, value| {
            let is_picture = || {
                let data = value
                    .strip_prefix("data:")
                    .and_then(|rest| rest.split_once(";base64,"));
                data.is_some_and(|(mime, _)| mime == "image/svg+xml" || IMAGES.contains(&mime))
            };
            let keep = match (element, attribute) {
                ("img", "src") => is_picture(),
                // Others that hold addresses load or lead to no data.
                _ => !value
                    .trim_start()
                    .get(..5)
                    .is_some_and(|start| start.eq_ignore_ascii_case("data:")),
            };
            keep.then_some(Cow::Borrowed(value))
        });
    cleaner.clean(html).to_string()
}

/// Returns text that stands for itself in HTML, also within a quoted attribute.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\'' => result.push_str("&#39;"),
            other => result.push(other),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a page must not have in any case, whatever was put into it.
    fn assert_inert(html: &str, input: &str) {
        let lower = html.to_ascii_lowercase();
        for bad in [
            "<script",
            "<iframe",
            "<object",
            "<embed",
            "<svg",
            "<math",
            "<form",
            "<link",
            "<base",
            "<style",
            "javascript:",
            "srcdoc=",
            "<template",
            "<meta",
            "<foreignobject",
            "data:text",
        ] {
            assert!(!lower.contains(bad), "{bad} in {html} of {input}");
        }
        let mut rest = lower.as_str();
        while let Some(start) = rest.find('<') {
            let tag = &rest[start
                ..rest[start..]
                    .find('>')
                    .map_or(rest.len(), |end| start + end)];
            assert!(
                !tag.contains(" on") && !tag.contains("http://sink"),
                "{tag} of {input}"
            );
            rest = &rest[start + 1..];
        }
    }

    #[test]
    fn hostile_html_is_inert_and_tables_stay() {
        let attacks = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<a href=javascript:alert(1)>x</a>",
            "<a href=' JaVaScRiPt:alert(1)'>x</a>",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "<svg><animate onbegin=alert(1) attributeName=x></svg>",
            "<svg><use href='data:image/svg+xml,x'/></svg>",
            "<math><annotation-xml encoding='text/html'><img src=x onerror=alert(1)></annotation-xml></math>",
            "<template><script>alert(1)</script></template>",
            "<form action=//sink><input></form>",
            "<img src='http://sink/beacon.png'>",
            "<img src='data:text/html;base64,PHNjcmlwdD4='>",
            "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
            "<base href='http://sink/'>",
            "<meta http-equiv=refresh content='0;url=http://sink/'>",
            "<link rel=stylesheet href='http://sink/'>",
            "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
            "<style>@import 'http://sink'</style>",
            "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
            "<details open ontoggle=alert(1)>",
            "<object data='http://sink/'></object>",
            "<p style='background:url(http://sink/)'>",
            "<video poster='http://sink/' onloadstart=alert(1)>",
        ];
        for attack in attacks {
            assert_inert(&harmless(attack), attack);
            assert_inert(&prose(attack, None), attack);
            let output = json!({"output_type": "display_data", "data": {"text/html": attack}});
            assert_inert(&shown(&output), attack);
        }
        assert_inert(
            &prose("[x](javascript:alert(1)) ![y](http://sink/z)", None),
            "markdown",
        );
        let table = "<table border=\"1\"><tbody><tr><th colspan=\"2\">a</th></tr></tbody></table>";
        assert!(harmless(table).contains("<th colspan=\"2\">a</th>"));
    }

    #[test]
    fn images_are_data_and_hostile_ones_stay_in_their_quotes() {
        let show = |data: Value| shown(&json!({"output_type": "display_data", "data": data}));
        assert_eq!(
            show(json!({"image/png": "aGk=\n", "text/plain": "a \"b\""})),
            "<img alt=\"a &quot;b&quot;\" src=\"data:image/png;base64,aGk=\">"
        );
        assert_inert(
            &show(json!({"image/png": "\"><script>alert(1)</script>"})),
            "no base64",
        );
        let svg =
            show(json!({"image/svg+xml": "<svg onload=alert(1)><script>alert(1)</script></svg>"}));
        assert!(svg.starts_with("<img ") && svg.contains("data:image/svg+xml;base64,"));
        assert_inert(&svg, "svg");
    }

    #[test]
    fn attachments_are_found_by_name_and_names_are_no_paths() {
        let attachments =
            json!({"../../etc/passwd": {"image/png": "aGk="}, "a b.png": {"image/png": "aGk="}});
        let attachments = attachments.as_object();
        assert!(
            prose("![x](attachment:a%20b.png)", attachments).contains("data:image/png;base64,aGk=")
        );
        assert!(
            prose("![x](attachment:../../etc/passwd)", attachments)
                .contains("data:image/png;base64,aGk=")
        );
        assert!(!prose("![x](attachment:/etc/hostname)", attachments).contains("src="));
    }
}
