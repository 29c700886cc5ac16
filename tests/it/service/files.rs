//! `/projects/{id}/files`: reading, listing, writing, moving, deleting, limits.

use reqwest::{Method, multipart};
use serde_json::{Value, json};

use crate::support::service::{Answered, Service, answered};

pub async fn start() -> (Service, String) {
    start_with(&[]).await
}

async fn start_with(settings: &[(&str, &str)]) -> (Service, String) {
    let service = Service::start_with(settings);
    let project = service.project("files").await;
    (service, format!("/projects/{project}/files"))
}

pub async fn with(
    service: &Service,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Answered {
    let request = headers
        .iter()
        .fold(service.request(method, path), |request, (name, value)| {
            request.header(*name, *value)
        });
    answered(request.body("new")).await
}

fn paths(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("items");
    items
        .iter()
        .map(|item| item["path"].as_str().expect("a path"))
        .collect()
}

#[tokio::test]
async fn a_file_is_written_read_moved_and_deleted() {
    let (service, files) = start().await;
    let path = format!("{files}/data/Größe.csv");
    let written = service.put(&path, "a,b\n").await;
    let tag = written.header("etag").expect("a tag").to_owned();
    let entry = written.expect(201);
    assert_eq!(entry["path"], "data/Größe.csv");
    assert_eq!(
        (entry["kind"].as_str(), entry["size"].as_u64()),
        (Some("file"), Some(4))
    );
    assert_eq!(entry["media_type"], "text/csv");
    let read = service.get(&path).await;
    assert_eq!(read.header("etag"), Some(tag.as_str()));
    assert_eq!(read.header("content-length"), Some("4"));
    assert_eq!(read.expect(200), "a,b\n");
    assert_eq!(service.put(&path, "other").await.expect(200)["size"], 5);
    let moved = service
        .patch(&path, json!({"to": "moved/b.csv"}))
        .await
        .expect(200);
    assert_eq!(moved["path"], "moved/b.csv");
    service.get(&path).await.refused(404, 50403);
    assert_eq!(
        service
            .get(&format!("{files}/moved/b.csv"))
            .await
            .expect(200),
        "other"
    );
    service
        .delete(&format!("{files}/moved/b.csv"))
        .await
        .expect(204);
    service
        .delete(&format!("{files}/moved/b.csv"))
        .await
        .refused(404, 50403);
    assert_eq!(service.under_way(), 0);
}

#[tokio::test]
async fn a_write_that_has_not_seen_what_is_there_is_refused() {
    let (service, files) = start().await;
    let path = format!("{files}/a.txt");
    with(&service, Method::PUT, &path, &[("if-match", "*")])
        .await
        .refused(412, 50210);
    let first = with(&service, Method::PUT, &path, &[("if-none-match", "*")]).await;
    let tag = first.header("etag").expect("a tag").to_owned();
    first.expect(201);
    with(&service, Method::PUT, &path, &[("if-none-match", "*")])
        .await
        .refused(412, 50210);
    with(&service, Method::PUT, &path, &[("if-match", "\"other\"")])
        .await
        .refused(412, 50210);
    with(
        &service,
        Method::DELETE,
        &path,
        &[("if-match", "\"other\"")],
    )
    .await
    .refused(412, 50210);
    let second = with(&service, Method::PUT, &path, &[("if-match", &tag)]).await;
    assert_ne!(second.header("etag"), Some(tag.as_str()));
    second.expect(200);
    with(&service, Method::PUT, &path, &[("if-match", &tag)])
        .await
        .refused(412, 50210);
    with(&service, Method::PUT, &path, &[("if-none-match", "\"a\"")])
        .await
        .refused(422, 50202);
    // Of many who all want to be first one is.
    let path = format!("{files}/new/first.txt");
    let first = || with(&service, Method::PUT, &path, &[("if-none-match", "*")]);
    let answers = tokio::join!(first(), first(), first(), first());
    let mut statuses =
        [answers.0, answers.1, answers.2, answers.3].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 412, 412, 412]);
}

#[tokio::test]
async fn folders_are_made_listed_and_deleted() {
    let (service, files) = start().await;
    for name in ["b.txt", "a/c.txt", "a/b/d.txt", "c.txt"] {
        service
            .put(&format!("{files}/{name}"), name)
            .await
            .expect(201);
    }
    let folder = service
        .put(&format!("{files}/empty/inside?directory"), "")
        .await
        .expect(201);
    assert_eq!(
        (folder["kind"].as_str(), folder["path"].as_str()),
        (Some("folder"), Some("empty/inside"))
    );
    let all = service.get(&format!("{files}?list")).await.expect(200);
    assert_eq!(paths(&all), ["a", "b.txt", "c.txt", "empty"]);
    let inside = service
        .get(&format!("{files}/a?list=true"))
        .await
        .expect(200);
    assert_eq!(paths(&inside), ["a/b", "a/c.txt"]);
    let mut pages = Vec::new();
    let mut after = String::new();
    loop {
        let page = service
            .get(&format!("{files}?list&recursive&limit=3&after={after}"))
            .await
            .expect(200);
        pages.extend(paths(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        next.clone_into(&mut after);
    }
    assert_eq!(
        pages,
        [
            "a",
            "a/b",
            "a/b/d.txt",
            "a/c.txt",
            "b.txt",
            "c.txt",
            "empty",
            "empty/inside"
        ]
    );
    let listed = service.get(&format!("{files}/a?list")).await.expect(200);
    assert_eq!(service.get(&format!("{files}/a")).await.expect(200), listed);
    service
        .get(&format!("{files}/b.txt?list"))
        .await
        .refused(409, 50414);
    service
        .get(&format!("{files}/b.txt/x"))
        .await
        .refused(409, 50414);
    service
        .put(&format!("{files}/b.txt/x"), "x")
        .await
        .refused(409, 50414);
    service
        .put(&format!("{files}/a"), "x")
        .await
        .refused(409, 50413);
    service
        .delete(&format!("{files}/a"))
        .await
        .refused(409, 50415);
    service
        .delete(&format!("{files}/a?recursive"))
        .await
        .expect(204);
    service
        .delete(&format!("{files}/empty/inside"))
        .await
        .expect(204);
    assert_eq!(
        paths(&service.get(&format!("{files}?list")).await.expect(200)),
        ["b.txt", "c.txt", "empty"]
    );
    service
        .get(&format!("{files}/nothing?list"))
        .await
        .refused(404, 50403);
    for query in [
        "list&zip",
        "list=maybe",
        "list&limit=0",
        "list&limit=1001",
        "colour=red",
    ] {
        service
            .get(&format!("{files}?{query}"))
            .await
            .refused(422, 50202);
    }
}

#[tokio::test]
async fn what_is_moved_takes_no_other_s_place() {
    let (service, files) = start().await;
    for name in ["a.txt", "b.txt", "folder/c.txt"] {
        service
            .put(&format!("{files}/{name}"), name)
            .await
            .expect(201);
    }
    let to = |to: &str| json!({"to": to});
    let a = format!("{files}/a.txt");
    service.patch(&a, to("b.txt")).await.refused(409, 50402);
    service.patch(&a, to("folder")).await.refused(409, 50402);
    service
        .patch(&a, json!({"to": "folder", "replace": true}))
        .await
        .refused(409, 50402);
    service.patch(&a, to("a.exe")).await.refused(415, 50405);
    service.patch(&a, to("../a.txt")).await.refused(422, 50404);
    service
        .patch(&format!("{files}/folder"), to("folder/inside/it"))
        .await
        .refused(422, 50404);
    service
        .patch(
            &format!("{files}/folder"),
            json!({"to": "b.txt", "replace": true}),
        )
        .await
        .refused(409, 50402);
    // Only the case of a name may change.
    service.patch(&a, to("A.TXT")).await.expect(200);
    service
        .patch(
            &format!("{files}/A.TXT"),
            json!({"to": "b.txt", "replace": true}),
        )
        .await
        .expect(200);
    assert_eq!(
        service.get(&format!("{files}/b.txt")).await.expect(200),
        "a.txt"
    );
    service
        .patch(&format!("{files}/folder"), to("other"))
        .await
        .expect(200);
    assert_eq!(
        service
            .get(&format!("{files}/other/c.txt"))
            .await
            .expect(200),
        "folder/c.txt"
    );
}

#[tokio::test]
async fn a_form_brings_all_its_files_or_none() {
    let (service, files) = start().await;
    let form = |names: &[&'static str]| {
        names.iter().fold(multipart::Form::new(), |form, name| {
            form.part(
                "file",
                multipart::Part::text(format!("content of {name}")).file_name(*name),
            )
        })
    };
    let post = async |query: &str, names: &[&'static str]| {
        answered(
            service
                .request(Method::POST, &format!("{files}/in{query}"))
                .multipart(form(names)),
        )
        .await
    };
    let added = post("", &["a.txt", "sub/b.txt"]).await.expect(201);
    assert_eq!(paths(&added), ["in/a.txt", "in/sub/b.txt"]);
    assert_eq!(
        service
            .get(&format!("{files}/in/sub/b.txt"))
            .await
            .expect(200),
        "content of sub/b.txt"
    );
    for (names, status, code) in [
        (["c.txt", "../d.txt"], 422, 50404),
        (["c.txt", "/etc/passwd"], 422, 50404),
        (["c.txt", "d.exe"], 415, 50405),
        (["c.txt", "a.txt"], 409, 50402),
        (["c.txt", "c.txt"], 422, 50202),
    ] {
        post("", &names).await.refused(status, code);
        service
            .get(&format!("{files}/in/c.txt"))
            .await
            .refused(404, 50403);
    }
    post("?replace", &["a.txt"]).await.expect(201);
    let raw = |body: &'static str| {
        let request = service
            .request(Method::POST, &files)
            .header("content-type", "multipart/form-data; boundary=x");
        answered(request.body(body))
    };
    raw("--x--\r\n").await.refused(422, 50202);
    for broken in [
        "",
        "x",
        "--x\r\n",
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.txt\"\r\n\r\nc",
    ] {
        raw(broken).await.refused(400, 50201);
    }
    service
        .get(&format!("{files}/c.txt"))
        .await
        .refused(404, 50403);
    let nameless = multipart::Form::new().text("file", "x");
    answered(service.request(Method::POST, &files).multipart(nameless))
        .await
        .refused(422, 50202);
    service.post(&files, json!({})).await.refused(415, 50204);
    assert_eq!(service.under_way(), 0);
}

#[tokio::test]
async fn types_sizes_and_quotas_are_limits() {
    let (service, files) =
        start_with(&[("files.largest", "64 KiB"), ("quotas.disk", "160 KiB")]).await;
    for name in ["a.exe", "a.EXE", "a.tar.wasm", "lib.so"] {
        service
            .put(&format!("{files}/{name}"), "x")
            .await
            .refused(415, 50405);
    }
    let body = |kilobytes: usize| vec![0; kilobytes << 10];
    let body_in_pieces = |kilobytes: usize| {
        let pieces = (0..kilobytes).map(|_| Ok::<_, std::io::Error>(vec![0; 1 << 10]));
        reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))
    };
    let refusal = service
        .put(&format!("{files}/a"), body(65))
        .await
        .refused(413, 50203);
    assert_eq!(refusal["details"]["limit"], 64 << 10);
    service
        .put(&format!("{files}/a"), body_in_pieces(65))
        .await
        .refused(413, 50203);
    service.get(&format!("{files}/a")).await.refused(404, 50403);
    service
        .put(&format!("{files}/a"), body(64))
        .await
        .expect(201);
    service
        .put(&format!("{files}/b"), body_in_pieces(64))
        .await
        .expect(201);
    for refused in [body(64).into(), body_in_pieces(64)] {
        let refusal = service
            .put(&format!("{files}/c"), refused)
            .await
            .refused(429, 50305);
        assert_eq!(refusal["details"]["quota"], "disk");
    }
    assert_eq!(service.under_way(), 0);
    service.delete(&format!("{files}/a")).await.expect(204);
    service
        .put(&format!("{files}/c"), body(64))
        .await
        .expect(201);
    // What a guest writes counts as well.
    let folder = service.project_folder(files.split('/').nth(2).expect("an id"));
    service.delete(&format!("{files}/c")).await.expect(204);
    std::fs::write(folder.join("guest"), body(90)).expect("written");
    service
        .put(&format!("{files}/c"), body(32))
        .await
        .refused(429, 50305);
    service.get(&format!("{files}/b")).await.expect(200);
}
