use image::{ImageFormat, Rgb, Rgba, RgbaImage, codecs::gif::GifEncoder};
use proptest::prelude::*;

use super::*;

fn written(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn checked(width: u32, height: u32) -> DynamicImage {
    let pixel = |x, y| if (x / 8 + y / 8) % 2 == 0 { Rgb([200, 40, 40]) } else { Rgb([20, 60, 200]) };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel))
}

/// A PNG whose header promises this many pixels and whose data is nearly empty.
fn promising(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8; 4], data: &[u8]| {
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let named = [name, data].concat();
        png.extend(&named);
        png.extend(crc32fast::hash(&named).to_be_bytes());
    };
    chunk(b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat());
    chunk(b"IDAT", b"\x78\x9c\x63\x00\x00\x00\x01\x00\x01");
    chunk(b"IEND", b"");
    png
}

fn frames(count: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut out, 30);
    for index in 0..count {
        let shade = u8::try_from(index % 250).unwrap();
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(8, 8, Rgba([shade, 0, 0, 255])))).unwrap();
    }
    drop(encoder);
    out
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_picture_is_written_anew_with_a_thumbnail() {
    for (format, kind, kept) in [
        (ImageFormat::Png, Format::Png, MediaType::Png),
        (ImageFormat::Jpeg, Format::Jpeg, MediaType::Jpeg),
        (ImageFormat::WebP, Format::Webp, MediaType::Jpeg),
        (ImageFormat::Gif, Format::Gif, MediaType::Gif),
    ] {
        let picture = develop(&written(&checked(800, 600), format), kind).unwrap();
        assert_eq!((picture.media_type, picture.width, picture.height), (kept, 800, 600));
        let small = image::load_from_memory_with_format(&picture.thumbnail, ImageFormat::Jpeg).unwrap();
        assert!(u64::from(small.width()) * u64::from(small.height()) <= THUMBNAIL_PIXELS);
        assert!(small.width() > 270 && small.width() * 3 / 4 <= small.height() + 1, "{}", small.width());
        assert!(picture.thumbnail.starts_with(b"\xff\xd8\xff"));
    }
}

#[test]
fn f2_a_promise_of_too_many_pixels_is_refused_from_the_header() {
    for (width, height) in [(20_000, 20), (20, 20_000), (7_000, 7_000), (u32::MAX / 2, u32::MAX / 2)] {
        let began = Instant::now();
        let error = develop(&promising(width, height), Format::Png).err().unwrap();
        assert!(!matches!(error, PictureError::Busy), "{error}");
        assert!(began.elapsed() < Duration::from_secs(1));
    }
    let error = develop(&promising(7_000, 7_000), Format::Png).err().unwrap();
    assert_eq!(error, PictureError::TooManyPixels { width: 7_000, height: 7_000 });
}

#[test]
fn f2_a_bomb_within_the_pixels_ends_as_an_error() {
    assert!(develop(&promising(6_000, 6_000), Format::Png).is_err());
}

#[test]
fn a_truncated_picture_is_damaged() {
    for (format, kind) in [(ImageFormat::Png, Format::Png), (ImageFormat::WebP, Format::Webp)] {
        let whole = written(&checked(100, 100), format);
        assert_eq!(develop(&whole[..whole.len() / 2], kind).err(), Some(PictureError::Damaged));
        assert!(develop(&whole[..10], kind).is_err());
    }
}

#[test]
fn f2_what_hides_behind_a_picture_is_gone() {
    let script = b"/*GIF*/=1;alert(document.domain)//";
    let mut polyglot = written(&checked(20, 20), ImageFormat::Gif);
    polyglot.extend(script);
    let picture = develop(&polyglot, Format::Gif).unwrap();
    assert!(!holds(&picture.bytes, b"alert"));
    let mut polyglot = written(&checked(20, 20), ImageFormat::Png);
    polyglot.extend(b"<script>alert(1)</script>");
    assert!(!holds(&develop(&polyglot, Format::Png).unwrap().bytes, b"script"));
}

/// EXIF with an orientation (6: turned right) and a word where GPS data would stand.
fn with_exif(jpeg: &[u8]) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    tiff.extend(b"GPS 52.5200N 13.4050E");
    let mut app1 = b"Exif\0\0".to_vec();
    app1.extend(tiff);
    let length = u16::try_from(app1.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &app1, &jpeg[2..]].concat()
}

#[test]
fn f2_where_a_photo_was_taken_is_dropped_and_it_stands_upright() {
    let given = with_exif(&written(&checked(64, 32), ImageFormat::Jpeg));
    assert!(holds(&given, b"GPS"));
    let picture = develop(&given, Format::Jpeg).unwrap();
    assert!(!holds(&picture.bytes, b"GPS") && !holds(&picture.bytes, b"Exif"));
    assert_eq!((picture.width, picture.height), (32, 64));
}

#[test]
fn f2_a_moving_picture_has_so_many_frames_and_no_more() {
    let picture = develop(&frames(3), Format::Gif).unwrap();
    let kept = GifDecoder::new(Cursor::new(picture.bytes)).unwrap().into_frames().count();
    assert_eq!(kept, 3);
    assert_eq!(develop(&frames(MOST_FRAMES + 1), Format::Gif).err(), Some(PictureError::TooManyFrames));
}

#[test]
fn what_is_clear_stays_clear_and_its_thumbnail_is_white() {
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(16, 16, Rgba([0, 0, 0, 0])));
    let picture = develop(&written(&clear, ImageFormat::Png), Format::Png).unwrap();
    assert_eq!(picture.media_type, MediaType::Png);
    let small = image::load_from_memory(&picture.thumbnail).unwrap().to_rgb8();
    assert!(small.pixels().all(|pixel| pixel.0.iter().all(|part| *part > 250)));
}

#[test]
fn the_loudest_picture_has_a_thumbnail_that_fits() {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from(state >> 24).unwrap()
    };
    let image = DynamicImage::ImageRgb8(RgbImage::from_fn(300, 200, |_, _| Rgb([noise(), noise(), noise()])));
    assert!(develop(&written(&image, ImageFormat::Png), Format::Png).unwrap().thumbnail.len() <= THUMBNAIL_BYTES);
}

proptest! {
    #[test]
    fn thumbnails_keep_within_their_area(width in 1_u32..=LONGEST_SIDE, height in 1_u32..=LONGEST_SIDE) {
        let (small, low) = fit(width, height);
        prop_assert!(small >= 1 && low >= 1);
        prop_assert!(u64::from(small) * u64::from(low) <= THUMBNAIL_PIXELS);
        prop_assert!(small <= width && low <= height);
    }

    #[test]
    fn broken_pictures_never_panic(mut at in 0_usize..2000, byte in any::<u8>()) {
        for (format, kind) in [
            (ImageFormat::Png, Format::Png),
            (ImageFormat::Jpeg, Format::Jpeg),
            (ImageFormat::Gif, Format::Gif),
            (ImageFormat::WebP, Format::Webp),
        ] {
            let mut bytes = written(&checked(24, 24), format);
            at %= bytes.len();
            bytes[at] = byte;
            let _ = develop(&bytes, kind);
        }
    }
}
