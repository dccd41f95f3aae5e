//! An HTTP server for tests: it gives the answers of the test and records the requests.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server that runs until the test ends.
pub(crate) struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

/// An answer of the server.
pub(crate) enum Answer {
    /// Status with its reason, headers and body.
    Whole(&'static str, Vec<String>, Vec<u8>),
    /// These bytes, whatever they mean.
    Raw(Vec<u8>),
    /// No answer, ever.
    Silence,
}

impl Answer {
    /// A body as net/http/pprof sends it.
    pub(crate) fn profile(body: impl Into<Vec<u8>>) -> Self {
        let kind = "Content-Type: application/octet-stream".to_owned();
        Self::Whole("200 OK", vec![kind], body.into())
    }

    pub(crate) fn text(status: &'static str, kind: &str, body: &str) -> Self {
        Self::Whole(status, vec![format!("Content-Type: {kind}")], body.into())
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::Whole("302 Found", vec![format!("Location: {to}")], Vec::new())
    }
}

impl Server {
    /// `answer` gets the path of a request and the number of earlier requests.
    pub(crate) fn start(answer: impl Fn(&str, usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::clone(&requests);
        thread::spawn(move || {
            let mut unanswered = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let head = head(&stream);
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let earlier = {
                    let mut asked = asked.lock().unwrap();
                    asked.push(head);
                    asked.len() - 1
                };
                let bytes = match answer(&path, earlier) {
                    Answer::Whole(status, headers, body) => whole(status, &headers, &body),
                    Answer::Raw(bytes) => bytes,
                    Answer::Silence => {
                        unanswered.push(stream);
                        continue;
                    }
                };
                // The client may have closed the connection early.
                let _ = stream.write_all(&bytes);
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The name of the file for this instance.
    pub(crate) fn file(&self) -> String {
        format!("127.0.0.1-{}.pb.gz", self.port)
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn head(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    head.join("\n")
}

fn whole(status: &str, headers: &[String], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    let mut bytes = format!("{head}Connection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
