//! Notebooks as files: import and export, large outputs, and files that are not what they should be.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::service::{Answered, Service, answered};

fn file(cells: &Value) -> Value {
    json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
}

async fn import(
    service: &Service,
    name: &str,
    format: &str,
    content: impl Into<Value>,
) -> Answered {
    let body = json!({"name": name, "format": format, "content": content.into()});
    service.post("/notebooks/import", body).await
}

fn address(notebook: &Value) -> String {
    format!(
        "/notebooks/{}",
        notebook["notebook_id"].as_str().expect("an id")
    )
}

async fn exported(service: &Service, address: &str, format: &str) -> Answered {
    let answer = service
        .get(&format!("{address}/export?format={format}"))
        .await;
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
    assert!(
        answer
            .header("content-disposition")
            .is_some_and(|value| value.starts_with("attachment"))
    );
    answer
}

#[tokio::test]
async fn notebooks_come_in_and_go_out_in_every_format() {
    let service = Service::start();
    let script = "# %% [markdown]\n# # Title\n\n# %%\na = 1\n";
    let made = import(&service, "script", "py", script).await.expect(201);
    let kinds: Vec<&Value> = made["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .map(|cell| &cell["cell_type"])
        .collect();
    assert_eq!(kinds, ["markdown", "code"]);
    let at = address(&made);
    assert_eq!(exported(&service, &at, "py").await.expect(200), script);
    assert_eq!(
        exported(&service, &at, "md").await.expect(200),
        "# Title\n\n```python\na = 1\n```\n"
    );
    let page = exported(&service, &at, "html").await.expect(200);
    assert!(
        page.as_str().is_some_and(
            |page| page.contains("<h1>Title</h1>") && page.contains("default-src 'none'")
        )
    );
    let pdf = service
        .request(Method::GET, &format!("{at}/export?format=pdf"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(pdf.headers()["content-type"], "application/pdf");
    assert!(
        pdf.bytes()
            .await
            .expect("it is whole")
            .starts_with(b"%PDF-")
    );
    service
        .get(&format!("{at}/export?format=docx"))
        .await
        .refused(422, 50202);
    let out = exported(&service, &at, "ipynb").await.expect(200);
    // What goes out comes in again as it was, and goes out the same.
    let again = import(&service, "again", "ipynb", out.clone())
        .await
        .expect(201);
    assert_eq!(
        exported(&service, &address(&again), "ipynb")
            .await
            .expect(200),
        out
    );
    let form = Form::new().part(
        "file",
        Part::text("text\n\n```python\nb\n```\n").file_name("C:\\some where\\note.md"),
    );
    let made = answered(
        service
            .request(Method::POST, "/notebooks/import")
            .multipart(form),
    )
    .await
    .expect(201);
    assert_eq!(
        (&made["name"], &made["cells"][1]["source"]),
        (&json!("note"), &json!("b"))
    );
}

#[tokio::test]
async fn hostile_outputs_are_inert_in_a_page() {
    let service = Service::start();
    let attack = "<b>kept</b><script>alert(1)</script><img src=x onerror=alert(1)>";
    let cells = json!([
        {"cell_type": "markdown", "source": format!("{attack} [x](javascript:alert(1)) ![a](attachment:../../etc/passwd)"),
         "attachments": {"../../etc/passwd": {"image/png": "aGk="}}},
        {"cell_type": "code", "source": "</pre><script>alert(1)</script>", "outputs": [
            {"output_type": "display_data", "data": {"text/html": attack}},
            {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload=alert(1)></svg>"}},
            {"output_type": "stream", "name": "stdout", "text": attack},
        ]},
    ]);
    let made = import(&service, "<script>name</script>", "ipynb", file(&cells))
        .await
        .expect(201);
    let page = exported(&service, &address(&made), "html")
        .await
        .expect(200);
    let page = page.as_str().expect("a page").to_lowercase();
    assert!(page.contains("<b>kept</b>") && page.contains("data:image/png;base64,agk="));
    for bad in [
        "<script",
        "<svg",
        "javascript:",
        "<img src=x",
        "<img onerror",
    ] {
        assert!(!page.contains(bad), "{bad} in {page}");
    }
}

#[tokio::test]
async fn large_outputs_are_files_that_are_fetched_on_demand() {
    let mut service = Service::start();
    let long = "line\n".repeat(100_000);
    let cells = json!([{"cell_type": "code", "source": "x", "outputs": [{"output_type": "stream", "name": "stdout", "text": long}]}]);
    let made = import(&service, "large", "ipynb", file(&cells))
        .await
        .expect(201);
    let output = &made["cells"][0]["outputs"][0];
    let kept = &output["metadata"]["cellblock"]["kept"]["text/plain"];
    assert_eq!(kept["bytes"], long.len());
    assert!(output.to_string().len() < 50_000);
    let hash = kept["hash"].as_str().expect("a hash");
    service.kill_and_restart();
    let at = address(&made);
    let answer = service.get(&format!("{at}/outputs/{hash}")).await;
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(
        answer
            .header("content-disposition")
            .is_some_and(|value| value.starts_with("attachment"))
    );
    assert_eq!(answer.expect(200), json!(long));
    // What goes out is whole.
    let out = exported(&service, &at, "ipynb").await.expect(200);
    let lines = out["cells"][0]["outputs"][0]["text"]
        .as_array()
        .map(Vec::len);
    assert_eq!(lines, Some(100_000));
    // The hash of an output is no key to another notebook's.
    let other = service
        .post("/notebooks", json!({"name": "other"}))
        .await
        .expect(201);
    service
        .get(&format!("{}/outputs/{hash}", address(&other)))
        .await
        .refused(404, 50403);
    service
        .get(&format!("{at}/outputs/..%2f..%2flarge.ipynb"))
        .await
        .refused(404, 50403);
    // It goes when another file takes the notebook's place, an empty one too.
    let project = &made["project_id"];
    let kept = project.as_str().map(|id| service.project_folder(id));
    let kept = kept.expect("an id").join(".cellblock/outputs");
    assert_eq!(std::fs::read_dir(&kept).map_or(0, Iterator::count), 1);
    let empty = json!({"project_id": project, "path": made["path"], "length": 0});
    let upload = service.post("/uploads", empty).await.expect(201);
    assert_eq!(upload["state"], "placed");
    assert_eq!(std::fs::read_dir(&kept).map_or(0, Iterator::count), 0);
    service
        .get(&format!("{at}/outputs/{hash}"))
        .await
        .refused(422, 20413);
}

#[tokio::test]
async fn what_is_no_notebook_is_refused_with_the_place_of_the_mistake() {
    let service = Service::start();
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let deep = format!(
        "{{\"nbformat\": 4, \"nbformat_minor\": 5, \"metadata\": {{\"a\": {deep}}}, \"cells\": []}}"
    );
    let cases = [
        ("not JSON", json!("{"), "JSON"),
        (
            "version 1",
            json!({"nbformat": 1, "cells": []}),
            "nbformat 1.0",
        ),
        (
            "version 2",
            json!({"nbformat": 2, "worksheets": []}),
            "nbformat 2.0",
        ),
        (
            "version 5",
            json!({"nbformat": 5, "cells": []}),
            "nbformat 5.0",
        ),
        (
            "a newer minor",
            json!({"nbformat": 4, "nbformat_minor": 6, "cells": []}),
            "nbformat 4.6",
        ),
        (
            "3 that is 4",
            json!({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "cells": []}),
            "cannot be upgraded",
        ),
        ("no version", json!({"cells": []}), "nbformat"),
        (
            "no cells",
            json!({"nbformat": 4, "nbformat_minor": 5}),
            "cells",
        ),
        (
            "a number as source",
            file(&json!([{"cell_type": "code", "source": 7}])),
            "cell 1",
        ),
        (
            "numbers as lines",
            file(&json!([{"cell_type": "raw", "source": ["a", 1]}])),
            "cell 1",
        ),
        ("no type", file(&json!([{"source": "a"}])), "cell_type"),
        (
            "an unknown output",
            file(&json!([{"cell_type": "code", "source": "", "outputs": [{"output_type": "x"}]}])),
            "output 1",
        ),
        (
            "attachments as a list",
            file(&json!([{"cell_type": "raw", "source": "", "attachments": []}])),
            "attachments",
        ),
        ("10,000 levels", json!(deep), "recursion"),
        (
            "a million objects",
            json!(format!("[{}0]", "{},".repeat(1_000_001))),
            "objects",
        ),
        (
            "another language",
            json!({"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"kernelspec": {"language": "R"}}}),
            "\"R\"",
        ),
    ];
    for (name, content, says) in cases {
        let body = import(&service, "bad", "ipynb", content)
            .await
            .refused(422, 20413);
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|text| text.contains(says)),
            "{name}: {}",
            body["message"]
        );
    }
    assert_eq!(
        service.get("/notebooks").await.expect(200)["items"],
        json!([]),
        "nothing was made"
    );
    import(&service, "bad", "ipynb", json!(7))
        .await
        .refused(422, 50202);
    let form = |name: &'static str| Form::new().part("file", Part::text("x").file_name(name));
    let sent = |form: Form| {
        answered(
            service
                .request(Method::POST, "/notebooks/import")
                .multipart(form),
        )
    };
    sent(form("x.exe")).await.refused(422, 50202);
    sent(Form::new().text("other", "x"))
        .await
        .refused(422, 50202);
    sent(Form::new()).await.refused(400, 50201);
    sent(form("fine.py")).await.expect(201);
}

#[tokio::test]
async fn what_is_odd_is_put_right_and_stays_so() {
    let service = Service::start();
    let odd = json!({"nbformat": 4, "nbformat_minor": 2, "extra": 1,
    "metadata": {"kernelspec": {"name": "/bin/sh", "argv": ["/bin/sh", "-c", "id"], "language": "python"}, "keep": [1]},
    "cells": [
        {"cell_type": "code", "id": "same", "source": ["a\n", "b"], "extra": 1, "execution_count": "x"},
        {"cell_type": "code", "id": "same", "source": "c", "metadata": {"deep": {"er": 1}}},
        {"cell_type": "markdown", "id": 7, "source": "d", "outputs": [1]},
    ]});
    let made = import(&service, "odd", "ipynb", odd).await.expect(201);
    let cells = made["cells"].as_array().expect("cells");
    let mut ids: Vec<&str> = cells
        .iter()
        .map(|cell| cell["cell_id"].as_str().expect("an id"))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(
        (ids.len(), &cells[0]["source"], &cells[2]["outputs"]),
        (3, &json!("a\nb"), &json!([]))
    );
    let out = exported(&service, &address(&made), "ipynb")
        .await
        .expect(200);
    assert_eq!(
        (
            &out["nbformat_minor"],
            &out["metadata"]["keep"],
            &out["extra"]
        ),
        (&json!(5), &json!([1]), &json!(null))
    );
    let again = import(&service, "again", "ipynb", out.clone())
        .await
        .expect(201);
    assert_eq!(
        exported(&service, &address(&again), "ipynb")
            .await
            .expect(200),
        out
    );
}

#[tokio::test]
async fn a_hundred_thousand_cells_are_a_notebook() {
    let service = Service::start();
    let cells: Vec<Value> = (0..100_000)
        .map(|number| json!({"cell_type": "code", "source": format!("a{number}")}))
        .collect();
    let text = file(&json!(cells)).to_string();
    let form = Form::new().part("file", Part::text(text).file_name("many.ipynb"));
    let made = answered(
        service
            .request(Method::POST, "/notebooks/import")
            .multipart(form),
    )
    .await
    .expect(201);
    let at = address(&made);
    let last = &made["cells"][99_999];
    let cell = format!("{at}/cells/{}", last["cell_id"].as_str().expect("an id"));
    service
        .patch(
            &cell,
            json!({"revision": last["revision"], "source": "edited"}),
        )
        .await
        .expect(200);
    assert_eq!(service.get(&cell).await.expect(200)["source"], "edited");
    let context = service
        .get(&format!("{at}/context?budget_tokens=1000"))
        .await
        .expect(200);
    assert!(
        context["tokens"]
            .as_u64()
            .is_some_and(|tokens| tokens <= 1000)
    );
}

#[tokio::test]
async fn a_notebook_above_the_limit_is_refused() {
    let service = Service::start_with(&[
        ("files.largest_notebook", "1 MiB"),
        ("server.body", "2 MiB"),
    ]);
    let cell = |length: usize| {
        file(&json!([{"cell_type": "markdown", "source": "a".repeat(length)}])).to_string()
    };
    let sent = |text: String| {
        let form = Form::new().part("file", Part::text(text).file_name("x.ipynb"));
        answered(
            service
                .request(Method::POST, "/notebooks/import")
                .multipart(form),
        )
    };
    assert_eq!(
        sent(cell(1_150_000)).await.refused(413, 50203)["details"]["limit"],
        1 << 20
    );
    import(&service, "json", "ipynb", cell(1 << 20))
        .await
        .refused(413, 50203);
    let made = sent(cell(500_000)).await.expect(201);
    // An edit that would make it too large is taken back.
    let at = address(&made);
    let cells = format!("{at}/cells");
    service
        .post(&cells, json!({"source": "b".repeat(600_000)}))
        .await
        .refused(413, 50203);
    service
        .post(&cells, json!({"source": "c"}))
        .await
        .expect(201);
    let body = service.get(&at).await.expect(200);
    let sources: Vec<usize> = body["cells"]
        .as_array()
        .expect("cells")
        .iter()
        .map(|cell| cell["source"].as_str().map_or(0, str::len))
        .collect();
    assert_eq!(sources, [500_000, 1]);
}
