//! Lines and images on sheets of paper, as PDF objects.

use pdf_writer::types::Predictor;
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

use super::png::{Colors, Picture, Pixels};

/// A4 in points, and its margins.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 50.0;
const COLUMN: f32 = WIDTH - 2.0 * MARGIN;

/// Fonts that every reader has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Font {
    Prose,
    Heading,
    Code,
}

impl Font {
    const ALL: [Self; 3] = [Self::Prose, Self::Heading, Self::Code];

    fn key(self) -> &'static [u8] {
        match self {
            Self::Prose => b"P",
            Self::Heading => b"H",
            Self::Code => b"C",
        }
    }

    fn name(self) -> &'static [u8] {
        match self {
            Self::Prose => b"Helvetica",
            Self::Heading => b"Helvetica-Bold",
            Self::Code => b"Courier",
        }
    }

    /// Returns the width of a letter in thousandths of the font's size.
    fn width(self, letter: u8) -> f32 {
        let of_prose = || match letter {
            32..=126 => f32::from(HELVETICA[usize::from(letter - 32)]),
            _ => 600.0,
        };
        match self {
            Self::Prose => of_prose(),
            // The bold letters are about a tenth wider.
            Self::Heading => of_prose() * 1.1,
            Self::Code => 600.0,
        }
    }
}

/// Widths of Helvetica's letters from the space to the tilde, from Adobe's metrics of the font.
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// How text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) font: Font,
    pub(super) size: f32,
    /// The gray behind it.
    pub(super) shade: Option<f32>,
}

/// Sheets that are filled from top to bottom.
pub(super) struct Sheets {
    done: Vec<Sheet>,
    now: Sheet,
    /// How far down the sheet is free, counted from the bottom as PDF does.
    top: f32,
    pictures: Vec<Picture>,
}

/// One sheet, and the pictures on it by their numbers.
struct Sheet {
    content: Content,
    pictures: Vec<usize>,
}

impl Sheet {
    fn empty() -> Self {
        Self {
            content: Content::new(),
            pictures: Vec::new(),
        }
    }
}

impl Sheets {
    /// Returns one empty sheet.
    pub(super) fn new() -> Self {
        Self {
            done: Vec::new(),
            now: Sheet::empty(),
            top: HEIGHT - MARGIN,
            pictures: Vec::new(),
        }
    }

    /// Leaves room, unless the sheet ends here anyway.
    pub(super) fn space(&mut self, points: f32) {
        self.top -= points;
    }

    /// Sets a text; its lines are broken where they do not fit.
    pub(super) fn text(&mut self, text: &str, style: Style) {
        for line in text.lines() {
            for part in broken(&encoded(line), style) {
                self.line(part, style);
            }
        }
    }

    /// Sets a picture, at its own size if it fits.
    pub(super) fn picture(&mut self, picture: Picture) {
        // 96 pixels are an inch of 72 points. Sides are at most some ten thousand, which f32 has exactly.
        let (width, height) = (picture.width as f32 * 0.75, picture.height as f32 * 0.75);
        let scale = (COLUMN / width)
            .min((HEIGHT - 2.0 * MARGIN) / height)
            .min(1.0);
        let (width, height) = (width * scale, height * scale);
        self.need(height);
        self.top -= height;
        let number = self.pictures.len();
        self.pictures.push(picture);
        self.now.pictures.push(number);
        let content = &mut self.now.content;
        content.save_state();
        content.transform([width, 0.0, 0.0, height, MARGIN, self.top]);
        content.x_object(Name(picture_key(number).as_bytes()));
        content.restore_state();
    }

    fn line(&mut self, letters: &[u8], style: Style) {
        let height = style.size * 1.3;
        self.need(height);
        self.top -= height;
        let content = &mut self.now.content;
        if let Some(shade) = style.shade {
            content.set_fill_gray(shade);
            content.rect(MARGIN - 4.0, self.top, COLUMN + 8.0, height);
            content.fill_nonzero();
            content.set_fill_gray(0.0);
        }
        content.begin_text();
        content.set_font(Name(style.font.key()), style.size);
        content.next_line(MARGIN, self.top + style.size * 0.3);
        content.show(Str(letters));
        content.end_text();
    }

    /// Begins a new sheet if there is no room for so much.
    fn need(&mut self, height: f32) {
        if self.top - height < MARGIN && self.top < HEIGHT - MARGIN {
            self.done
                .push(std::mem::replace(&mut self.now, Sheet::empty()));
            self.top = HEIGHT - MARGIN;
        }
    }

    /// Returns the sheets as a PDF with a title.
    pub(super) fn finish(mut self, title: &str) -> Vec<u8> {
        self.done.push(self.now);
        let mut pdf = Pdf::new();
        let mut next = 1;
        let mut new = || {
            next += 1;
            Ref::new(next - 1)
        };
        let (catalog, pages, info) = (new(), new(), new());
        let fonts = Font::ALL.map(|font| (font, new()));
        let pictures: Vec<(Ref, Ref)> = self.pictures.iter().map(|_| (new(), new())).collect();
        let sheets: Vec<(Ref, Ref)> = self.done.iter().map(|_| (new(), new())).collect();
        pdf.catalog(catalog).pages(pages);
        pdf.document_info(info)
            .title(TextStr(title))
            .producer(TextStr("Cellblock"));
        let count = i32::try_from(sheets.len()).unwrap_or(i32::MAX);
        pdf.pages(pages)
            .kids(sheets.iter().map(|(page, _)| *page))
            .count(count);
        for (font, id) in fonts {
            pdf.type1_font(id)
                .base_font(Name(font.name()))
                .encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        for (picture, (id, alpha)) in self.pictures.iter().zip(&pictures) {
            write_picture(&mut pdf, picture, *id, *alpha);
        }
        for (sheet, (page_id, content_id)) in self.done.into_iter().zip(sheets) {
            let mut page = pdf.page(page_id);
            page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
                .parent(pages)
                .contents(content_id);
            let mut resources = page.resources();
            let mut named = resources.fonts();
            for (font, id) in fonts {
                named.pair(Name(font.key()), id);
            }
            named.finish();
            let mut named = resources.x_objects();
            for number in sheet.pictures {
                named.pair(Name(picture_key(number).as_bytes()), pictures[number].0);
            }
            named.finish();
            resources.finish();
            page.finish();
            pdf.stream(content_id, &sheet.content.finish());
        }
        pdf.finish()
    }
}

fn picture_key(number: usize) -> String {
    format!("I{number}")
}

/// Writes a picture with its pixels as they are. PDF has no pixels with transparency: a color space
/// of four inks, of which the fourth leaves no trace, shows them without.
fn write_picture(pdf: &mut Pdf, picture: &Picture, id: Ref, without_alpha: Ref) {
    let side = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX);
    let (width, height) = (side(picture.width), side(picture.height));
    let (Pixels::Jpeg { data, .. } | Pixels::Png { data, .. }) = &picture.pixels;
    let mut image = pdf.image_xobject(id, data);
    image.width(width).height(height);
    match &picture.pixels {
        Pixels::Jpeg { channels, .. } => {
            image.bits_per_component(8).filter(Filter::DctDecode);
            if *channels == 1 {
                image.color_space().device_gray()
            } else {
                image.color_space().device_rgb()
            }
        }
        Pixels::Png { bits, colors, .. } => {
            image
                .bits_per_component((*bits).into())
                .filter(Filter::FlateDecode);
            image
                .decode_parms()
                .predictor(Predictor::PngOptimum)
                .colors(colors.channels())
                .bits_per_component((*bits).into())
                .columns(width);
            let space = image.color_space();
            match colors {
                Colors::Gray => space.device_gray(),
                Colors::Rgb => space.device_rgb(),
                Colors::Palette(palette) => {
                    let last = i32::try_from(palette.len() / 3 - 1).unwrap_or(255);
                    space.indexed(Name(b"DeviceRGB"), last, palette);
                }
                Colors::GrayAlpha => {
                    let mut inks = space.device_n([Name(b"Gray"), Name(b"Alpha")]);
                    inks.alternate_color_space().device_gray();
                    inks.tint_ref(without_alpha);
                }
                Colors::RgbAlpha => {
                    let mut inks =
                        space.device_n([Name(b"R"), Name(b"G"), Name(b"B"), Name(b"Alpha")]);
                    inks.alternate_color_space().device_rgb();
                    inks.tint_ref(without_alpha);
                }
            }
        }
    }
    image.finish();
    if let Pixels::Png {
        colors: Colors::GrayAlpha | Colors::RgbAlpha,
        ..
    } = &picture.pixels
    {
        let inks = if matches!(
            &picture.pixels,
            Pixels::Png {
                colors: Colors::RgbAlpha,
                ..
            }
        ) {
            4
        } else {
            2
        };
        let mut function = pdf.post_script_function(without_alpha, b"{pop}");
        function
            .domain([0.0, 1.0].repeat(inks))
            .range([0.0, 1.0].repeat(inks - 1));
    }
}

/// Returns a text in the encoding of the fonts; what they do not have stands as Python escapes it.
fn encoded(line: &str) -> Vec<u8> {
    let mut letters = Vec::with_capacity(line.len());
    for letter in line.chars() {
        match letter {
            '\t' => letters.extend(b"    "),
            ' '..='~' | '\u{a0}'..='\u{ff}' => letters.push(u32::from(letter) as u8),
            '\u{2013}' => letters.push(0x96),
            '\u{2014}' => letters.push(0x97),
            '\u{2018}' => letters.push(0x91),
            '\u{2019}' => letters.push(0x92),
            '\u{201c}' => letters.push(0x93),
            '\u{201d}' => letters.push(0x94),
            '\u{2022}' => letters.push(0x95),
            '\u{2026}' => letters.push(0x85),
            '\u{20ac}' => letters.push(0x80),
            '\u{2500}' | '\u{2501}' => letters.push(b'-'),
            '\u{2502}' | '\u{2503}' => letters.push(b'|'),
            other if other.is_control() => {}
            other => match u32::from(other) {
                code @ ..=0xffff => letters.extend(format!("\\u{code:04x}").bytes()),
                code => letters.extend(format!("\\U{code:08x}").bytes()),
            },
        }
    }
    letters
}

/// Breaks a line where it does not fit: at a space if there is one, in prose.
fn broken(letters: &[u8], style: Style) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut start, mut space, mut used) = (0, None, 0.0);
    for (at, letter) in letters.iter().enumerate() {
        used += style.font.width(*letter) * style.size / 1000.0;
        if used > COLUMN && at > start {
            let end = space.filter(|_| style.font != Font::Code).unwrap_or(at);
            parts.push(&letters[start..end]);
            start = end;
            space = None;
            used = letters[start..=at]
                .iter()
                .map(|letter| style.font.width(*letter) * style.size / 1000.0)
                .sum();
        }
        if *letter == b' ' {
            space = Some(at + 1);
        }
    }
    parts.push(&letters[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_where_they_do_not_fit() {
        let code = Style {
            font: Font::Code,
            size: 9.0,
            shade: None,
        };
        let line = [b'a'; 200];
        let lengths: Vec<usize> = broken(&line, code).iter().map(|part| part.len()).collect();
        // 495 points are 91 letters of 5.4 points.
        assert_eq!(lengths, [91, 91, 18]);
        let prose = Style {
            font: Font::Prose,
            size: 11.0,
            shade: None,
        };
        let words = "word ".repeat(60);
        let parts = broken(words.as_bytes(), prose);
        assert!(
            parts.len() > 1
                && parts
                    .iter()
                    .all(|part| part.starts_with(b"word") || part.is_empty())
        );
        assert_eq!(parts.concat(), words.as_bytes());
        assert_eq!(broken(b"", prose), [b""]);
    }

    #[test]
    fn letters_that_the_fonts_lack_are_escaped() {
        assert_eq!(
            encoded("a\u{e9}\u{20ac}\u{4e2d}\u{1f600}\u{7}"),
            b"a\xe9\x80\\u4e2d\\U0001f600"
        );
    }
}
