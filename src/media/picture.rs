//! Pictures, decoded and written anew: what was hidden behind, before or inside them is gone, and so is where they were
//! taken (F2).

use std::{
    io::{self, BufRead, Cursor, Read, Seek, SeekFrom, Write},
    time::{Duration, Instant},
};

use image::{
    AnimationDecoder, DynamicImage, Frame, ImageDecoder, ImageError, Limits, RgbImage,
    codecs::{
        gif::{GifDecoder, GifEncoder, Repeat},
        jpeg::{JpegDecoder, JpegEncoder},
        png::PngDecoder,
        webp::WebPDecoder,
    },
    imageops::FilterType,
    metadata::Orientation,
};

use super::sniff::Format;
use crate::model::MediaType;

/// Most pixels of a picture (F2): 40 megapixels.
pub const MOST_PIXELS: u64 = 40_000_000;
/// Longest side in pixels (F2).
pub const LONGEST_SIDE: u32 = 16_384;
/// Most frames of a moving picture (F2).
pub const MOST_FRAMES: usize = 200;
/// Most memory for a decoder (F2).
const DECODER_BYTES: u64 = 160 << 20;
/// Longest work on one picture (F2).
const TIME: Duration = Duration::from_secs(5);
/// How good a JPEG is that we write, of 100.
const QUALITY: u8 = 85;

/// Area of a thumbnail in pixels (spec "Message types and enums" §1).
const THUMBNAIL_PIXELS: u64 = 60_000;
/// How good a thumbnail is, of 100; worse ones follow while it is too large.
const THUMBNAIL_QUALITIES: [u8; 4] = [50, 35, 20, 8];
/// Largest thumbnail before base64: it travels inside a visitor's frame of 64 KiB.
const THUMBNAIL_BYTES: usize = 30_000;

/// A picture as it is kept.
pub struct Picture {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its type.
    pub media_type: MediaType,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// A small JPEG of it.
    pub thumbnail: Vec<u8>,
}

/// Why a picture was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// More pixels than allowed.
    #[error(
        "the picture has {width} × {height} pixels; allowed are {} megapixels and {LONGEST_SIDE} a side",
        MOST_PIXELS / 1_000_000
    )]
    TooManyPixels {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// More frames than allowed.
    #[error("the picture has more than {MOST_FRAMES} frames")]
    TooManyFrames,
    /// It needs more memory or time than allowed.
    #[error("the picture takes too much work to read")]
    TooMuchWork,
    /// It cannot be read.
    #[error("the picture is damaged")]
    Damaged,
    /// Too many pictures are worked on already.
    #[error("too many pictures arrive at once; try again in a moment")]
    Busy,
}

impl From<ImageError> for PictureError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooMuchWork,
            ImageError::IoError(error) if error.kind() == io::ErrorKind::TimedOut => Self::TooMuchWork,
            _ => Self::Damaged,
        }
    }
}

type Result<T> = std::result::Result<T, PictureError>;

/// Reads a picture and writes it anew. Works for seconds: not for a thread that serves people.
pub fn develop(bytes: &[u8], format: Format) -> Result<Picture> {
    let end = Instant::now() + TIME;
    let source = || Timed { inner: Cursor::new(bytes), end };
    match format {
        Format::Jpeg => still(open(JpegDecoder::new(source())?)?, Look::Photo, end),
        Format::Png => still(open(PngDecoder::with_limits(source(), limits())?)?, Look::Drawing, end),
        Format::Gif => moving(open(GifDecoder::new(source())?)?, end),
        Format::Webp => {
            let decoder = open(WebPDecoder::new(source())?)?;
            if decoder.has_animation() { moving(decoder, end) } else { still(decoder, Look::Photo, end) }
        }
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(DECODER_BYTES);
    limits
}

/// Checks what the header says before anything is decoded.
fn open<D: ImageDecoder>(mut decoder: D) -> Result<D> {
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS || width > LONGEST_SIDE || height > LONGEST_SIDE {
        return Err(PictureError::TooManyPixels { width, height });
    }
    if pixels == 0 {
        return Err(PictureError::Damaged);
    }
    decoder.set_limits(limits())?;
    Ok(decoder)
}

/// Whether a picture loses nothing that is seen as a JPEG.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Photo,
    Drawing,
}

fn still(mut decoder: impl ImageDecoder, look: Look, end: Instant) -> Result<Picture> {
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    let mut out = Timed { inner: Cursor::new(Vec::new()), end };
    let media_type = if look == Look::Photo && !image.color().has_alpha() {
        JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&DynamicImage::ImageRgb8(image.to_rgb8()))?;
        MediaType::Jpeg
    } else {
        image.write_to(&mut out, image::ImageFormat::Png)?;
        MediaType::Png
    };
    let thumbnail = thumbnail(&image)?;
    let (width, height) = (image.width(), image.height());
    Ok(Picture { bytes: out.inner.into_inner(), media_type, width, height, thumbnail })
}

fn moving<'a>(decoder: impl AnimationDecoder<'a> + ImageDecoder, end: Instant) -> Result<Picture> {
    let (width, height) = decoder.dimensions();
    let mut out = Timed { inner: Cursor::new(Vec::new()), end };
    let mut first = None;
    {
        let mut encoder = GifEncoder::new_with_speed(&mut out, 30);
        encoder.set_repeat(Repeat::Infinite)?;
        for (index, frame) in decoder.into_frames().enumerate() {
            if index == MOST_FRAMES {
                return Err(PictureError::TooManyFrames);
            }
            if Instant::now() > end {
                return Err(PictureError::TooMuchWork);
            }
            let frame: Frame = frame?;
            first.get_or_insert_with(|| DynamicImage::ImageRgba8(frame.buffer().clone()));
            encoder.encode_frame(frame)?;
        }
    }
    let thumbnail = thumbnail(&first.ok_or(PictureError::Damaged)?)?;
    Ok(Picture { bytes: out.inner.into_inner(), media_type: MediaType::Gif, width, height, thumbnail })
}

/// A JPEG of at most [`THUMBNAIL_PIXELS`], what is clear on white.
fn thumbnail(image: &DynamicImage) -> Result<Vec<u8>> {
    let (width, height) = fit(image.width(), image.height());
    let small = if (width, height) == (image.width(), image.height()) {
        image.clone()
    } else {
        // Large ones are first made roughly small: a good filter over 40 megapixels takes seconds.
        image.thumbnail_exact(width * 2, height * 2).resize_exact(width, height, FilterType::Triangle)
    };
    let small = on_white(&small);
    let mut bytes = Vec::new();
    for quality in THUMBNAIL_QUALITIES {
        bytes.clear();
        JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&small)?;
        if bytes.len() <= THUMBNAIL_BYTES {
            return Ok(bytes);
        }
    }
    Err(PictureError::TooMuchWork)
}

/// The largest size of the same shape that a thumbnail may have.
fn fit(width: u32, height: u32) -> (u32, u32) {
    let area = u64::from(width) * u64::from(height);
    if area <= THUMBNAIL_PIXELS {
        return (width, height);
    }
    // A side of a few pixels may not vanish, nor the other one outgrow the area then.
    let root = (THUMBNAIL_PIXELS * 1_000_000 / area).isqrt();
    let most = u32::try_from(THUMBNAIL_PIXELS).unwrap_or(u32::MAX);
    let side = |side: u32| u32::try_from(u64::from(side) * root / 1000).unwrap_or(1).clamp(1, most);
    let (width, height) = (side(width), side(height));
    (width.min(most / height), height.min(most / width))
}

fn on_white(image: &DynamicImage) -> RgbImage {
    let rgba = image.to_rgba8();
    let mut out = RgbImage::new(rgba.width(), rgba.height());
    for (from, to) in rgba.pixels().zip(out.pixels_mut()) {
        let [r, g, b, a] = from.0;
        let blend = |part: u8| {
            let mixed = (u32::from(part) * u32::from(a) + 255 * (255 - u32::from(a))) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        to.0 = [blend(r), blend(g), blend(b)];
    }
    out
}

/// Reads and writes until the time is over: a decoder that asks for more then hears an error.
struct Timed<T> {
    inner: T,
    end: Instant,
}

/// Most bytes handed out at once, so that a decoder comes back and hears that the time is over.
const BITE: usize = 64 << 10;

impl<T> Timed<T> {
    fn in_time(&self) -> io::Result<()> {
        if Instant::now() < self.end { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
    }
}

impl<T: Read> Read for Timed<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.in_time()?;
        let most = buffer.len().min(BITE);
        self.inner.read(buffer.get_mut(..most).unwrap_or_default())
    }
}

impl<T: BufRead> BufRead for Timed<T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.in_time()?;
        let all = self.inner.fill_buf()?;
        Ok(all.get(..BITE).unwrap_or(all))
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
    }
}

impl<T: Seek> Seek for Timed<T> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl<T: Write> Write for Timed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.in_time()?;
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests;
