//! Questions about code and variables.

use python_wasm::{FigureFormat, Filter, Formulas, SessionError, Sort, TableQuery, VariableFormat};
use serde_json::{Map, json};

use crate::harness::{base, data, run, text};

#[tokio::test]
async fn completion_inspection_and_completeness() {
    let mut session = base().await;
    run(&mut session, "import math\nlong_name = 3").await;
    let reply = session.complete("long_n", 6).await.unwrap();
    assert!(reply.matches.contains(&"long_name".to_owned()), "{reply:?}");
    let reply = session.complete("math.facto", 10).await.unwrap();
    assert!(
        reply
            .matches
            .iter()
            .any(|found| found.ends_with("factorial")),
        "{reply:?}"
    );
    let reply = serde_json::to_value(session.inspect("math.sqrt", 9, 0).await.unwrap()).unwrap();
    assert!(
        reply["data"]["text/plain"]
            .as_str()
            .unwrap()
            .contains("square root"),
        "{reply}"
    );
    let complete = |reply| serde_json::to_value(reply).unwrap()["status"].clone();
    assert_eq!(
        complete(session.is_complete("x = 1").await.unwrap()),
        "complete"
    );
    assert_eq!(
        complete(session.is_complete("for x in y:").await.unwrap()),
        "incomplete"
    );
    assert_eq!(
        complete(session.is_complete("x = = 1").await.unwrap()),
        "invalid"
    );
}

#[tokio::test]
async fn variables_are_listed_and_a_hostile_one_does_no_harm() {
    let mut session = data().await;
    run(
        &mut session,
        "import pandas as pd, numpy as np\nn = 5\ndf = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})\narr = np.zeros((3, 4))\nclass Evil:\n    def __repr__(self): raise SystemExit\n    def __len__(self): return -1\n    __class__ = property(lambda self: 1 / 0)\nevil = Evil()\nbig = list(range(10**6))",
    )
    .await;
    let variables = session.variables().await.unwrap();
    let named = |name: &str| {
        variables
            .iter()
            .find(|variable| variable.name == name)
            .unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(
        (named("n").r#type.as_str(), named("n").preview.as_str()),
        ("int", "5")
    );
    assert_eq!(named("df").shape, Some(vec![2, 2]));
    let columns = named("df").columns.as_ref().unwrap();
    assert_eq!(
        (columns[0].name.as_str(), columns[0].dtype.as_str()),
        ("a", "int64")
    );
    assert_eq!(named("arr").shape, Some(vec![3, 4]));
    assert!(named("big").preview.len() < 2000);
    named("evil");
}

#[tokio::test]
async fn an_object_that_cannot_be_stopped_hides_no_other() {
    let mut session = base().await;
    run(
        &mut session,
        "class Stubborn:\n    def __repr__(self):\n        while True:\n            try:\n                while True: pass\n            except BaseException: continue\nstubborn, n = Stubborn(), 5",
    )
    .await;
    let variables = session.variables().await.unwrap();
    let previews: Vec<_> = variables
        .iter()
        .map(|variable| (variable.name.as_str(), variable.preview.as_str()))
        .collect();
    assert!(
        previews.contains(&("stubborn", "<Stubborn object>")),
        "{previews:?}"
    );
    assert!(previews.contains(&("n", "5")), "{previews:?}");
    assert_eq!(text(&mut session, "print(n)").await, "5\n");
}

#[tokio::test]
async fn a_page_of_a_table_is_sorted_and_filtered() {
    let mut session = data().await;
    run(&mut session, "import pandas as pd\ndf = pd.DataFrame({'a': range(100_000), 'b': [i % 3 for i in range(100_000)]})").await;
    let query = TableQuery {
        offset: 1,
        limit: 2,
        sort: vec![Sort {
            column: "a".into(),
            ascending: false,
        }],
        filter: vec![Filter {
            column: "b".into(),
            op: "==".into(),
            value: json!(0),
        }],
    };
    let page = session.table("df", &query).await.unwrap();
    assert_eq!((page.total_rows, page.filtered_rows), (100_000, 33_334));
    assert_eq!(
        page.rows,
        vec![vec![json!(99996), json!(0)], vec![json!(99993), json!(0)]]
    );
    let refusal = session.table("nope", &query).await.unwrap_err();
    assert!(matches!(refusal, SessionError::Refused { .. }), "{refusal}");
}

#[tokio::test]
async fn variables_and_figures_are_exported() {
    let mut session = data().await;
    run(&mut session, "import pandas as pd, numpy as np, matplotlib.pyplot as plt\ndf = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})\narr = np.arange(4)\nfig = plt.figure()\nplt.plot([1, 2])").await;
    for (format, start) in [
        (VariableFormat::Csv, &b""[..]),
        (VariableFormat::Xlsx, b"PK"),
        (VariableFormat::Json, b""),
        (VariableFormat::Parquet, b"PAR1"),
        (VariableFormat::Feather, b"ARROW1"),
        (VariableFormat::Pickle, b"\x80"),
    ] {
        let files = session
            .export(&["df"], format, Formulas::Escaped)
            .await
            .unwrap();
        assert_eq!(files.len(), 1, "{format:?}");
        assert!(
            !files[0].bytes.is_empty() && files[0].bytes.starts_with(start),
            "{format:?}: {files:?}"
        );
    }
    assert!(
        session
            .export(&["arr"], VariableFormat::Npy, Formulas::Escaped)
            .await
            .unwrap()[0]
            .bytes
            .starts_with(b"\x93NUMPY")
    );
    for (format, start) in [
        (FigureFormat::Png, &b"\x89PNG"[..]),
        (FigureFormat::Svg, b"<?xml"),
        (FigureFormat::Pdf, b"%PDF"),
    ] {
        assert!(
            session.export_figures(format).await.unwrap()[0]
                .bytes
                .starts_with(start),
            "{format:?}"
        );
    }
    assert!(matches!(
        session
            .export(&["nope"], VariableFormat::Csv, Formulas::Escaped)
            .await,
        Err(SessionError::Refused { .. })
    ));
}

#[tokio::test]
async fn code_is_formatted_and_linted() {
    let mut session = base().await;
    assert_eq!(
        session.format("x=1+  2").await.unwrap().trim_end(),
        "x = 1 + 2"
    );
    assert!(matches!(
        session.format("x = = 1").await,
        Err(SessionError::Refused { .. })
    ));
    let remarks = session.lint("print(f'x')\nx=1\n").await.unwrap();
    assert!(
        remarks
            .iter()
            .any(|remark| remark.line == 1 && remark.source == "pyflakes"),
        "{remarks:?}"
    );
    assert!(
        remarks
            .iter()
            .any(|remark| remark.line == 2 && remark.code == "E225"),
        "{remarks:?}"
    );
}

#[tokio::test]
async fn parameters_are_set() {
    let mut session = base().await;
    let parameters: Map<_, _> = [
        ("alpha".to_owned(), json!(0.5)),
        ("names".to_owned(), json!(["a"])),
    ]
    .into_iter()
    .collect();
    session.inject(&parameters).await.unwrap();
    assert_eq!(
        text(&mut session, "print(alpha, names)").await,
        "0.5 ['a']\n"
    );
}
