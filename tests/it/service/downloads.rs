//! `GET /projects/{id}/files`: what goes out, whole, in ranges and as archives.

use std::io::Read as _;

use reqwest::Method;
use serde_json::Value;

use super::files::{start, with};

#[tokio::test]
async fn ranges_and_known_versions_are_answered() {
    let (service, files) = start().await;
    let path = format!("{files}/a.txt");
    let tag = service
        .put(&path, "0123456789")
        .await
        .header("etag")
        .expect("a tag")
        .to_owned();
    for (range, content, body) in [
        ("bytes=2-4", "bytes 2-4/10", "234"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-2", "bytes 8-9/10", "89"),
        ("bytes=0-99", "bytes 0-9/10", "0123456789"),
    ] {
        let part = with(
            &service,
            Method::GET,
            &path,
            &[("range", range), ("accept-encoding", "gzip")],
        )
        .await;
        assert_eq!(part.header("content-range"), Some(content), "{range}");
        // Most of them read as a JSON number.
        assert_eq!(
            part.expect(206).to_string().trim_matches('"'),
            body,
            "{range}"
        );
    }
    let outside = with(&service, Method::GET, &path, &[("range", "bytes=10-")]).await;
    assert_eq!(outside.header("content-range"), Some("bytes */10"));
    outside.refused(416, 50214);
    let stale = [("range", "bytes=2-4"), ("if-range", "\"other\"")];
    assert_eq!(with(&service, Method::GET, &path, &stale).await.status, 200);
    let current = [("range", "bytes=2-4"), ("if-range", tag.as_str())];
    assert_eq!(
        with(&service, Method::GET, &path, &current).await.status,
        206
    );
    let known = with(&service, Method::GET, &path, &[("if-none-match", &tag)]).await;
    assert_eq!(
        (known.status.as_u16(), known.body),
        (304, Value::String(String::new()))
    );
    // A file goes out as it is, however well it could be packed.
    service.put(&path, "a".repeat(100_000)).await.expect(200);
    let head = with(
        &service,
        Method::HEAD,
        &path,
        &[("accept-encoding", "gzip")],
    )
    .await;
    assert_eq!(
        (
            head.header("content-length"),
            head.header("content-encoding")
        ),
        (Some("100000"), None)
    );
}

#[tokio::test]
async fn no_browser_runs_what_it_gets() {
    let (service, files) = start().await;
    for (name, shown) in [
        ("a.html", "attachment"),
        ("a.svg", "attachment"),
        ("a.pdf", "attachment"),
        ("a.xhtml", "attachment"),
        ("a.js", "attachment"),
        ("a", "attachment"),
        ("a.png", "inline"),
        ("a.txt", "inline"),
    ] {
        service
            .put(&format!("{files}/{name}"), "<script>alert(1)</script>")
            .await
            .expect(201);
        for (query, disposition) in [("", "attachment"), ("?inline", shown)] {
            let answer = service.get(&format!("{files}/{name}{query}")).await;
            let expected = format!("{disposition}; filename=\"{name}\"");
            assert_eq!(
                answer.header("content-disposition"),
                Some(expected.as_str())
            );
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(
                answer.header("content-security-policy"),
                Some("sandbox; default-src 'none'")
            );
        }
    }
}

#[tokio::test]
async fn a_folder_goes_out_as_an_archive() {
    let (service, files) = start().await;
    for name in ["data/a.txt", "data/sub/ü.csv", "b.txt"] {
        service
            .put(&format!("{files}/{name}"), name)
            .await
            .expect(201);
    }
    service
        .put(&format!("{files}/data/empty?directory"), "")
        .await
        .expect(201);
    // What a guest leaves there and no archive shall carry elsewhere.
    let folder = service
        .project_folder(files.split('/').nth(2).expect("an id"))
        .join("data");
    std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).expect("linked");
    std::fs::write(folder.join("..\\..\\evil.txt"), "x").expect("written");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.join("pipe"),
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .expect("made");
    let answer = service
        .request(Method::GET, &format!("{files}/data?zip"))
        .send()
        .await
        .expect("answered");
    assert_eq!(
        answer.headers()["content-disposition"],
        "attachment; filename=\"data.zip\""
    );
    let bytes = answer.bytes().await.expect("whole").to_vec();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
    let mut names: Vec<_> = archive
        .file_names()
        .map(|name| name.expect("a name").into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["a.txt", "empty/", "sub/", "sub/ü.csv"]);
    let mut text = String::new();
    archive
        .by_name("sub/ü.csv")
        .expect("there")
        .read_to_string(&mut text)
        .expect("whole");
    assert_eq!(text, "data/sub/ü.csv");
    service
        .get(&format!("{files}/b.txt?zip"))
        .await
        .refused(409, 50414);
}

#[tokio::test]
async fn large_files_come_and_go_in_constant_memory() {
    let (service, files) = start().await;
    let peak = || {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", service.pid())).expect("it runs");
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .expect("a peak")
            .to_owned();
        line.split_whitespace()
            .nth(1)
            .expect("a number")
            .parse::<u64>()
            .expect("kilobytes")
    };
    service
        .put(&format!("{files}/small"), "x")
        .await
        .expect(201);
    let before = peak();
    let pieces = (0..200).map(|_| Ok::<_, std::io::Error>(vec![7; 1 << 20]));
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    assert_eq!(
        service
            .put(&format!("{files}/large"), body)
            .await
            .expect(201)["size"],
        200 << 20
    );
    for query in ["", "?zip"] {
        let path = if query.is_empty() {
            format!("{files}/large")
        } else {
            format!("{files}{query}")
        };
        let mut answer = service
            .request(Method::GET, &path)
            .send()
            .await
            .expect("answered");
        let mut length = 0;
        while let Some(chunk) = answer.chunk().await.expect("whole") {
            length += chunk.len();
        }
        assert!(query == "?zip" || length == 200 << 20, "{length}");
    }
    let grown = peak() - before;
    assert!(grown < 32 << 10, "{grown} KiB more for a file of 200 MiB");
}
