//! moto, a server with the API of SES v2. It runs on this machine as long as a test needs it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aws_config::ConfigLoader;
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region};
use kosmo::config::MailSettings;
use kosmo::mail::delivery::sender::Sender;
use mail_parser::{Message, MessageParser};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// `infra/dev/setup.sh` puts it here.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/moto-5.2.5");
const REGION: &str = "ap-northeast-1";

pub struct Moto {
    server: Child,
    address: String,
}

impl Moto {
    /// Starts a server that knows no verified sender.
    pub fn start() -> Self {
        assert!(Path::new(FOLDER).exists(), "infra/dev/setup.sh test brings {FOLDER}");
        let mut server = Command::new("python3")
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .env("PYTHONPATH", FOLDER)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto starts");
        let mut log = BufReader::new(server.stderr.take().expect("its log"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert_ne!(log.read_line(&mut line).expect("its log"), 0, "moto did not start");
            if let Some((_, address)) = line.split_once("Running on http://") {
                break address.trim().to_owned();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { server, address }
    }

    /// Starts a server that accepts mails from the product's domain.
    pub async fn ready() -> Self {
        let moto = Self::start();
        moto.trust_the_domain().await;
        moto
    }

    pub async fn trust_the_domain(&self) {
        let config = aws().region(Region::new(REGION)).endpoint_url(self.url()).load().await;
        let client = aws_sdk_sesv2::Client::new(&config);
        let trusted = client.create_email_identity().email_identity("kosmo-web.jp").send().await;
        trusted.expect("an identity");
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub async fn sender(&self) -> Sender {
        sender_to(self.url(), 15).await
    }

    /// Returns the mails that arrived, as they were sent.
    pub async fn mails(&self) -> Vec<Message<'static>> {
        let mut stream = TcpStream::connect(&self.address).await.expect("moto answers");
        let request = "GET /moto-api/data.json HTTP/1.0\r\n\r\n";
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        let stored: serde_json::Value = serde_json::from_str(body).expect("JSON");
        let mails = stored["ses"]["RawMessage"].as_array().cloned().unwrap_or_default();
        let parse = |mail: &serde_json::Value| {
            let raw = mail["raw_data"].as_str().expect("a mail").as_bytes();
            MessageParser::default().parse(raw).expect("a mail").into_owned()
        };
        mails.iter().map(parse).collect()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Makes the product's sender for a server with SES's API.
pub async fn sender_to(url: String, timeout_seconds: u64) -> Sender {
    let settings = MailSettings {
        ses_region: Some(REGION.to_owned()),
        ses_endpoint_url: Some(url),
        ses_timeout_seconds: timeout_seconds,
        ..MailSettings::default()
    };
    Sender::ses(&settings, aws()).await
}

fn aws() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
}
