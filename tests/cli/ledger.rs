//! The ledger of exceptions: the same words in the text, in Markdown and in JSON.

use serde_json::{Value, json};

use crate::support::{Leakgate, scratch, write};

const POLICY: &str = "version: 1
allow:
  - { match: { root: main.sendAbandoned.func1, state: chan send }, max: 3, reason: full, expires: 2026-11-25, owner: '@shop' }
  - { match: { root: main.sendAbandoned.func1 }, max: 9, reason: late, expires: 2027-01-01 }
  - { match: { root: main.gone }, max: 1, reason: gone, expires: 2026-11-01 }
";

const BASELINE: &str = "version: 1
accepted:
  - stack: 1f0c2a9be771
    suite: shop
    max: 2
    home: main.elsewhere
    expires: 2027-03-31
    reason: SHOP-1
  - stack: 2f0c2a9be771
    suite: mail
    max: 2
    home: main.other
    expires: 2027-03-31
    reason: SHOP-2
";

fn check(arguments: &[&str]) -> Leakgate {
    let directory = scratch("leakgate.yml", POLICY);
    write(&directory.path().join("leakgate.baseline.yml"), BASELINE);
    // The directory has to outlive the call.
    Leakgate::check()
        .dir(&directory.keep())
        .pair("go1.27", "send-abandoned")
        .args(&["--suite", "shop"])
        .args(arguments)
}

#[test]
fn the_text_lists_every_exception_when_asked() {
    let ran = check(&["-v"]).run().exits(0);
    for line in [
        "allow    leakgate.yml:3 at the maximum, expires soon: 3 of 3 until 2026-11-25 (@shop): \
         root: main.sendAbandoned.func1, state: chan send; full",
        "allow    leakgate.yml:4 never reached: 0 of 9 until 2027-01-01: root: main.sendAbandoned.func1; late",
        "allow    leakgate.yml:5 unused, expired: 0 of 1 until 2026-11-01: root: main.gone; gone",
        "allow    leakgate.baseline.yml:3 unused: 0 of 2 until 2027-03-31: main.elsewhere in shop; SHOP-1",
        "allow    leakgate.baseline.yml:9 not judged: ? of 2 until 2027-03-31: main.other in mail; SHOP-2",
    ] {
        ran.prints(line);
    }
    assert!(!check(&[]).run().has("SHOP-1"));
}

#[test]
fn markdown_and_json_say_the_same() {
    let ran = check(&["--report", "markdown"]).run().exits(0);
    let rows = [
        "<details><summary>5 exceptions</summary>",
        "| place | accepts | used | until | owner | status |",
        "| 3 of 3 | 2026-11-25 | &#64;shop | at the maximum, expires soon |",
        "| 0 of 9 | 2027-01-01 |  | never reached |",
        "| 0 of 1 | 2026-11-01 |  | unused, expired |",
        "| 0 of 2 | 2027-03-31 |  | unused |",
        "| ? of 2 | 2027-03-31 |  | not judged |",
    ];
    for row in rows {
        ran.prints(row);
    }
    let (_, report) = check(&[]).json();
    let status = |list: &Value| -> Vec<Value> {
        let list = list.as_array().unwrap().iter();
        list.map(|one| one["status"].clone()).collect()
    };
    assert_eq!(
        status(&report["allows"]),
        [
            json!(["at the maximum", "expires soon"]),
            json!(["never reached"]),
            json!(["unused", "expired"]),
        ]
    );
    assert_eq!(
        status(&report["baseline"]["entries"]),
        [json!(["unused"]), json!(["not judged"])]
    );
    let allow = &report["allows"][0];
    assert_eq!(
        (&allow["match"], &allow["most"]),
        (
            &json!({ "root": ["main.sendAbandoned.func1"], "state": "chan send" }),
            &json!(3)
        )
    );
}

#[test]
fn the_maximum_is_that_of_one_suite() {
    let directory = scratch(
        "leakgate.yml",
        "version: 1\nallow: [{ match: { root: main.* }, max: 4, reason: x, expires: 2027-01-01 }]\n",
    );
    let pairs = directory.path().join("pairs");
    for (name, side) in [
        ("a", "before"),
        ("a", "after"),
        ("b", "before"),
        ("b", "after"),
    ] {
        let path = pairs.join(name).join(format!("{side}.pb.gz"));
        crate::support::copy("send-abandoned", side, &path);
    }
    let (code, report) = Leakgate::check().dir(directory.path()).arg("pairs").json();
    let allow = &report["allows"][0];
    assert_eq!(
        (code, &allow["matched"], &allow["most"]),
        (0, &json!(6), &json!(3))
    );
    assert_eq!(allow["status"], json!(["matched"]));
}
