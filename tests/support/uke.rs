//! Writes UKE files as they are in practice: CP932, CRLF, and with many fields that the product
//! ignores.

use encoding_rs::SHIFT_JIS;

/// A claim, with the fields that the product reads.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    pub number: &'static str,
    /// Four digits; the first one says which form it is.
    pub kind: &'static str,
    pub month: &'static str,
    pub name: &'static str,
    pub birthdate: &'static str,
    /// 保険者番号, 記号, 番号; `None` if only a public payer pays.
    pub insured: Option<[&'static str; 3]>,
    pub days: u32,
    pub points: u32,
    pub share: Option<u32>,
    /// The amount that the patient pays under a public payer who covers all points.
    pub public: Option<u32>,
    /// Empty if the claim has none.
    pub branch: &'static str,
}

/// Taro at a doctor's, with the records RE, HO and SI.
pub const TARO: Claim = Claim {
    number: "1",
    kind: "1112",
    month: "202608",
    name: "テスト　太郎",
    birthdate: "19790822",
    insured: Some(["06139927", "１０１", "１１"]),
    days: 2,
    points: 1_296,
    share: None,
    public: None,
    branch: "",
};

/// Hanako, in Taro's household.
pub const HANAKO: Claim = Claim { name: "テスト　花子", birthdate: "19810203", ..TARO };

/// Goro, in a household of his own.
pub const GORO: Claim = Claim {
    name: "海運　五郎",
    birthdate: "19850505",
    insured: Some(["06139927", "101", "12"]),
    ..TARO
};

/// A file that grows line by line.
#[derive(Debug, Default)]
pub struct Uke {
    text: String,
    /// Totals for the last record: the number of HO and KO records, and points.
    records: u32,
    points: u32,
}

impl Uke {
    /// Adds a doctor in Tokyo; the next claims are his.
    pub fn clinic(self, code: &str, name: &str) -> Self {
        self.line(&format!("IR,1,13,1,{code},,{name},202609,00,03-0000-0000,"))
    }

    /// Adds a dentist, whose name is in a record of its own.
    pub fn dentist(self, code: &str, name: &str) -> Self {
        self.line(&format!("UK,1,13,3,{code},,{name},202609,00,"))
            .line(&format!("IR,1,13,3,{code},,202609,00,03-0000-0000,"))
    }

    pub fn pharmacy(self, code: &str, name: &str) -> Self {
        self.line(&format!("YK,1,13,4,{code},{name},202609,00,03-0000-0000"))
    }

    /// Adds a claim of the institution before it.
    pub fn claim(mut self, claim: Claim) -> Self {
        let (kana, share_at, public_at) = match claim.kind.as_bytes()[0] {
            b'3' => (25, 10, 6),
            b'4' => (41, 9, 7),
            _ => (36, 11, 6),
        };
        self.records += u32::from(claim.insured.is_some()) + u32::from(claim.public.is_some());
        self.points += claim.points;
        let (days, points) = (claim.days.to_string(), claim.points.to_string());
        let share = claim.share.map(|yen| yen.to_string()).unwrap_or_default();
        self = self.line(&record(&[
            (0, "RE"),
            (1, claim.number),
            (2, claim.kind),
            (3, claim.month),
            (4, claim.name),
            (5, "1"),
            (6, claim.birthdate),
            (kana, "カナ"),
        ]));
        if let Some([insurer, symbol, number]) = claim.insured {
            self = self.line(&record(&[
                (0, "HO"),
                (1, insurer),
                (2, symbol),
                (3, number),
                (4, days.as_str()),
                (5, points.as_str()),
                (share_at, share.as_str()),
                (14, ""),
            ]));
        }
        if let Some(public) = claim.public.map(|yen| yen.to_string()) {
            self = self.line(&record(&[
                (0, "KO"),
                (1, "12345678"),
                (2, "1234567"),
                (4, days.as_str()),
                (5, points.as_str()),
                (public_at, public.as_str()),
                (11, ""),
            ]));
        }
        if !claim.branch.is_empty() {
            self =
                self.line(&record(&[(0, "SN"), (1, "1"), (2, "01"), (6, claim.branch), (8, "")]));
        }
        self.line("SI,11,1,111000110,,288,1")
    }

    /// Adds a record as it is.
    pub fn line(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self.text.push_str("\r\n");
        self
    }

    /// Returns the whole file, with the end mark of older systems.
    pub fn bytes(&self) -> Vec<u8> {
        let text = format!("{}GO,{},{},99\r\n", self.text, self.records, self.points);
        let (cp932, _, unmappable) = SHIFT_JIS.encode(&text);
        assert!(!unmappable, "{text}");
        [&*cp932, b"\x1a".as_slice()].concat()
    }
}

/// Puts fields at their positions, with commas between them.
fn record(fields: &[(usize, &str)]) -> String {
    let last = fields.iter().map(|(place, _)| *place).max().unwrap_or_default();
    let mut values = vec![""; last + 1];
    for (place, value) in fields {
        values[*place] = value;
    }
    values.join(",")
}
