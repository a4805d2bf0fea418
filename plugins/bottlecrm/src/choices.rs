//! The closed lists of values that the CRM knows, spelt as it wants them.

pub(crate) type Choices = &'static [&'static str];

pub(crate) const LEAD_STATUS: Choices =
    &["assigned", "in process", "converted", "recycled", "closed"];
/// The sixth is spelt so in the CRM.
pub(crate) const LEAD_SOURCE: Choices = &[
    "call",
    "email",
    "existing customer",
    "partner",
    "public relations",
    "compaign",
    "other",
];
pub(crate) const RATING: Choices = &["HOT", "WARM", "COLD"];
pub(crate) const STAGE: Choices = &[
    "PROSPECTING",
    "QUALIFICATION",
    "PROPOSAL",
    "NEGOTIATION",
    "CLOSED_WON",
    "CLOSED_LOST",
];
pub(crate) const OPPORTUNITY_TYPE: Choices = &[
    "NEW_BUSINESS",
    "EXISTING_BUSINESS",
    "RENEWAL",
    "UPSELL",
    "CROSS_SELL",
];
pub(crate) const DEAL_SOURCE: Choices = &[
    "NONE",
    "CALL",
    "EMAIL",
    "EXISTING CUSTOMER",
    "PARTNER",
    "PUBLIC RELATIONS",
    "CAMPAIGN",
    "WEBSITE",
    "OTHER",
];
pub(crate) const TASK_STATUS: Choices = &["New", "In Progress", "Completed"];
pub(crate) const TASK_PRIORITY: Choices = &["Low", "Medium", "High"];
pub(crate) const CASE_STATUS: Choices = &[
    "New",
    "Assigned",
    "Pending",
    "Closed",
    "Rejected",
    "Duplicate",
];
pub(crate) const CASE_PRIORITY: Choices = &["Low", "Normal", "High", "Urgent"];
pub(crate) const CASE_TYPE: Choices = &["Question", "Incident", "Problem"];
pub(crate) const INVOICE_STATUS: Choices = &[
    "Draft",
    "Sent",
    "Viewed",
    "Paid",
    "Partially_Paid",
    "Overdue",
    "Pending",
    "Cancelled",
];
pub(crate) const ESTIMATE_STATUS: Choices =
    &["Draft", "Sent", "Viewed", "Accepted", "Declined", "Expired"];
pub(crate) const PAYMENT_TERMS: Choices = &[
    "DUE_ON_RECEIPT",
    "NET_15",
    "NET_30",
    "NET_45",
    "NET_60",
    "CUSTOM",
];
pub(crate) const PAYMENT_METHOD: Choices = &[
    "CASH",
    "CHECK",
    "CREDIT_CARD",
    "BANK_TRANSFER",
    "PAYPAL",
    "STRIPE",
    "OTHER",
];
pub(crate) const DISCOUNT: Choices = &["PERCENTAGE", "FIXED"];
pub(crate) const SOLUTION_STATUS: Choices = &["draft", "reviewed", "approved"];
pub(crate) const GOAL_TYPE: Choices = &["REVENUE", "DEALS_CLOSED"];
pub(crate) const PERIOD: Choices = &["MONTHLY", "QUARTERLY", "YEARLY", "CUSTOM"];
pub(crate) const CURRENCY: Choices = &[
    "USD", "EUR", "GBP", "INR", "CAD", "AUD", "JPY", "CNY", "CHF", "SGD", "AED", "BRL", "MXN",
];
pub(crate) const APPROVAL_STATE: Choices = &["pending", "approved", "rejected", "cancelled"];
pub(crate) const INDUSTRY: Choices = &[
    "ADVERTISING",
    "AGRICULTURE",
    "APPAREL & ACCESSORIES",
    "AUTOMOTIVE",
    "BANKING",
    "BIOTECHNOLOGY",
    "BUILDING MATERIALS & EQUIPMENT",
    "CHEMICAL",
    "COMPUTER",
    "EDUCATION",
    "ELECTRONICS",
    "ENERGY",
    "ENTERTAINMENT & LEISURE",
    "FINANCE",
    "FOOD & BEVERAGE",
    "GROCERY",
    "HEALTHCARE",
    "INSURANCE",
    "LEGAL",
    "MANUFACTURING",
    "PUBLISHING",
    "REAL ESTATE",
    "SERVICE",
    "SOFTWARE",
    "SPORTS",
    "TECHNOLOGY",
    "TELECOMMUNICATIONS",
    "TELEVISION",
    "TRANSPORTATION",
    "VENTURE CAPITAL",
];
