"""The platform's error codes, as its manual lists them, each with what it means and what can be done.

Data and its look-up, shared with the sandbox gateway. Turning an answer into an exception is `_wire`'s work.
Retriable are the codes of faults that pass: 3001, 3004, 3005 and 3600, and not 3999, though they all come as 500.
"""

from enum import Enum, auto

from attrs import frozen

from koscom_async._record import Record

# The codes that change what is asked next.
ALL_NOT_SUPPORTED = "6001"
INVALID_PAGE = "6003"
INVALID_QUERY = "6004"
TOO_MANY_ROWS = "6005"
DATE_RANGE_EXCEEDED = "6006"
BAD_REQUEST = "7000"
NO_ROWS = frozenset({"10010", "20020", "20050", "20090", "20100", "20110"})
"""Of market data: a question that has no rows, also of days to come, or without trade."""
NOT_TODAY = "20180"
"""Of market data: today's are ready later."""

BROKER_CATEGORY = "broker"
"""What this table calls a category that on the wire is the broker's own name (`samsung`)."""


class Kind(Enum):
    """What a caller can do about an error, which is what the exception classes tell apart."""

    SUCCESS = auto()
    AUTHENTICATION = auto()
    DENIED = auto()
    ACCOUNT = auto()
    REJECTED = auto()
    RATE_LIMITED = auto()
    UNAVAILABLE = auto()


@frozen(eq=False, repr=False)
class ErrorCode(Record):
    """One line of the manual's error tables; kind, retriable and advice are this library's judgement."""

    code: str
    category: str
    status: int | None
    kind: Kind
    retriable: bool
    message: str
    meaning_en: str
    meaning_ko: str
    advice: str


# fmt: off
ERROR_CODES: tuple[ErrorCode, ...] = (  # one line a code, to be held against the manual
    # op-apim
    ErrorCode("400", "op-apim", 400, Kind.REJECTED, False, "Bad Request", "request does not match the specification", "명세와 다른 요청", "check the request against the manual; if you did not build it yourself, report it to this library"),
    ErrorCode("401", "op-apim", 401, Kind.AUTHENTICATION, False, "Unauthorized", "client authentication failed", "인증 실패", "renew the access token; if that fails, check API key, secret and environment"),
    ErrorCode("403", "op-apim", 403, Kind.DENIED, False, "Forbidden", "no right to use the API", "이용 권한 없음", "check the scope of the token, the investor's consent and your contract"),
    ErrorCode("404", "op-apim", 404, Kind.REJECTED, False, "Not Found", "API does not exist", "API 없음", "check the path, its version and the environment"),
    ErrorCode("405", "op-apim", 405, Kind.REJECTED, False, "Method Not Allowed", "method not allowed", "허용되지 않는 HTTP Method", "fix the method"),
    ErrorCode("406", "op-apim", 406, Kind.REJECTED, False, "Not Acceptable", "Accept type not allowed", "허용되지 않는 Accept", "fix the header"),
    ErrorCode("408", "op-apim", 408, Kind.UNAVAILABLE, True, "Request Timeout", "the call exceeded the time limit", "수행 시간 초과", "ask again later"),
    ErrorCode("415", "op-apim", 415, Kind.REJECTED, False, "Unsupported Media Type", "Content-Type not allowed", "허용되지 않는 Content-Type", "fix the header"),
    ErrorCode("500", "op-apim", 500, Kind.UNAVAILABLE, True, "Internal Server Error", "low-level fault inside the platform, not a business error", "플랫폼 내부 저수준 오류", "ask again later; if it lasts, report it to the platform"),
    ErrorCode("503", "op-apim", 503, Kind.UNAVAILABLE, True, "Service Unavailable", "temporary fault or service not possible", "일시적 오류", "ask again later"),
    ErrorCode("505", "op-apim", 505, Kind.REJECTED, False, "HTTP Version Not Supported", "HTTP version not supported", "지원되지 않는 HTTP 버전", "use HTTP/1.1"),
    # op-auth
    ErrorCode("2001", "op-auth", 401, Kind.AUTHENTICATION, False, "Authentication Failed", "portal user authentication failed", "인증 실패", "have the investor log in again"),
    ErrorCode("2002", "op-auth", 401, Kind.AUTHENTICATION, False, "Invalid OTP Key", "OTP key invalid or expired", "OTP Key 무효/만료", "have the investor enter a new OTP"),
    ErrorCode("2003", "op-auth", 401, Kind.AUTHENTICATION, False, "Account Locked", "account locked for too many attempts", "계정 임시 잠김", "have the investor unlock the portal account"),
    ErrorCode("2100", "op-auth", 403, Kind.DENIED, False, "Authorization Failed", "no right to use the API or service", "이용 권한 없음", "check the scope of the token and the investor's consent"),
    # op-exco
    ErrorCode("3001", "op-exco", 500, Kind.UNAVAILABLE, True, "Bad response trcode", "broker sent a wrong TRCODE", "잘못된 TRCODE", "ask again later; if it lasts, report it to the platform"),
    ErrorCode("3002", "op-exco", 400, Kind.REJECTED, False, "Unknown api url", "no connection data for the requested broker API", "금투사 API 연결정보 없음", "check the broker's short name; it may not offer this service"),
    ErrorCode("3003", "op-exco", 400, Kind.REJECTED, False, "필수 항목 누락", "a mandatory field is missing", "필수 항목 누락", "check that every field of investor and settings is given"),
    ErrorCode("3004", "op-exco", 500, Kind.UNAVAILABLE, True, "network error", "temporary network fault", "일시적 네트워크 장애", "ask again later"),
    ErrorCode("3005", "op-exco", 500, Kind.UNAVAILABLE, True, "network timeout", "broker reply is late", "금투사 응답 지연", "ask again later, with a longer deadline"),
    ErrorCode("3006", "op-exco", 500, Kind.ACCOUNT, False, "not found dn", "no user DN for the given CI", "dn값 없음", "check the investor's ci"),
    ErrorCode("3007", "op-exco", 500, Kind.ACCOUNT, False, "not found user", "no user for the given CI", "사용자 없음", "check the investor's ci and portal membership"),
    ErrorCode("3008", "op-exco", 500, Kind.REJECTED, False, "not found company info", "no data for the requested broker", "금투사 정보 없음", "check the broker's short name and code"),
    ErrorCode("3009", "op-exco", 500, Kind.ACCOUNT, False, "not found account info", "real account number not found", "실계좌번호 없음", "have the investor link the account again"),
    ErrorCode("3010", "op-exco", 500, Kind.ACCOUNT, False, "expired account", "the account has been discarded", "폐기된 계좌", "have the investor link the account again: it has been discarded"),
    ErrorCode("3011", "op-exco", 500, Kind.REJECTED, False, "Json parsing error", "JSON message does not match the format", "JSON 규격 오류", "report it to this library"),
    ErrorCode("3012", "op-exco", 500, Kind.ACCOUNT, False, "Unknown account number", "account unknown to the broker", "증권사에 없는 계좌", "have the investor link the account again"),
    ErrorCode("3013", "op-exco", 500, Kind.ACCOUNT, False, "Unknown account type", "account type not registered", "미등록 계좌 유형", "this account's type is not served; tell the investor"),
    ErrorCode("3999", "op-exco", 500, Kind.UNAVAILABLE, False, "Unknown error", "internal program error, e.g. database", "프로그램 내부 에러", "report it to the platform, with the time of the call"),
    ErrorCode("3600", "op-exco", 503, Kind.UNAVAILABLE, True, "Target Company Service Unavailable", "broker server cannot serve", "금투사 서비스 불가", "the broker is down: ask again later"),
    # broker
    ErrorCode("200", "broker", 500, Kind.SUCCESS, False, "OK", "ok", "정상", "success"),
    ErrorCode("4000", "broker", 500, Kind.ACCOUNT, False, "Mismatch between DN and AccoutNo", "DN and account number do not match", "DN과 계좌번호 불일치", "have the investor link the account again"),
    ErrorCode("4001", "broker", 500, Kind.ACCOUNT, False, "Account Not Found", "account not found", "계좌 없음", "have the investor link the account again"),
    ErrorCode("4002", "broker", 500, Kind.ACCOUNT, False, "DN Not Found", "DN not found", "DN 없음", "check the investor's portal membership"),
    ErrorCode("4003", "broker", 500, Kind.ACCOUNT, False, "Mismatch between CI and AccountNo", "CI and account number do not match", "CI와 계좌번호 불일치", "use the ci of the account's owner"),
    ErrorCode("4004", "broker", 500, Kind.ACCOUNT, False, "CI Not Found", "CI not found", "CI 없음", "check the investor's ci"),
    ErrorCode("4005", "broker", 500, Kind.ACCOUNT, False, "Mismatch between DN and CI", "DN and CI do not match", "DN과 CI 불일치", "check the investor's ci and portal membership"),
    ErrorCode("4006", "broker", 500, Kind.DENIED, False, "Agreement of Financial Information Not Found.", "no information consent", "정보제공 동의 확인", "send the investor through the consent (정보제공 동의) again"),
    ErrorCode("5004", "broker", 500, Kind.REJECTED, False, "Failure To Enrol an vtAccNo", "virtual account number could not be registered (platform to broker)", "가상계좌번호 등록 실패", "linking flow only"),
    ErrorCode("5005", "broker", 500, Kind.REJECTED, False, "Failure To Change an vtAccNo", "virtual account number or alias could not be changed (platform to broker)", "가상계좌번호/별칭 변경 실패", "linking flow only"),
    ErrorCode("5006", "broker", 500, Kind.REJECTED, False, "Failure To Issue an vtAccNo", "virtual account could not be issued (platform to broker)", "가상계좌 발급 실패", "linking flow only"),
    ErrorCode("5007", "broker", 500, Kind.REJECTED, False, "Failure To discard an vtAccNo", "virtual account could not be discarded (either direction)", "가상계좌 폐기 실패", "linking flow only"),
    ErrorCode("6001", "broker", 500, Kind.REJECTED, False, "Invalid Asset Type", "unsupported asset class", "지원하지 않는 상품구분자", "ask for CASH, EQTY, FUND and ETC one by one"),
    ErrorCode("6002", "broker", 500, Kind.REJECTED, False, "Invalid Rsp Type", "unsupported reply kind (not QTY or RAT)", "지원하지 않는 응답유형", "ask for RAT"),
    ErrorCode("6003", "broker", 500, Kind.REJECTED, False, "Invalid Page Value", "page key does not exist", "존재하지 않는 Page Key", "start again at the first page"),
    ErrorCode("6004", "broker", 500, Kind.REJECTED, False, "Invalid Query Type", "invalid query type", "잘못된 조회유형", "leave the query type out"),
    ErrorCode("6005", "broker", 500, Kind.REJECTED, False, "Result Too Many", "more rows than the broker can give, paging included", "총 건수 초과", "narrow the query: asset class, dates, side or issue"),
    ErrorCode("6006", "broker", 500, Kind.REJECTED, False, "Date Range Exceeded", "date range too long; the maximum number of days is in the message", "날짜 범위 초과", "split the date range"),
    ErrorCode("6007", "broker", 500, Kind.REJECTED, False, "Invalid Isincode", "unknown issue code", "존재하지 않는 isincode", "check the issue code"),
    ErrorCode("6008", "broker", 500, Kind.REJECTED, False, "Invalid Side Type", "side is not BID, ASK, DEP, WID or ALL", "잘못된 거래구분", "use BID, ASK, DEP, WID or ALL"),
    ErrorCode("7000", "broker", 500, Kind.REJECTED, False, "Bad Request", "bad request", "잘못된 요청", "fix what the reason names, where the broker gave one"),
    # market
    ErrorCode("10000", "market", None, Kind.REJECTED, False, "조회유형이 존재 하지 않습니다", "query type does not exist", "조회유형 없음", "fix the request"),
    ErrorCode("10010", "market", None, Kind.REJECTED, False, "데이터가 존재 하지 않습니다", "no data", "데이터 없음", "treat as empty"),
    ErrorCode("10020", "market", None, Kind.REJECTED, False, "키 FID존재 하지 않습니다", "key FID does not exist", "키 FID 없음", "fix the request"),
    ErrorCode("10030", "market", None, Kind.REJECTED, False, "데이터구분자가 존재 하지 않습니다", "data class does not exist", "데이터구분자 없음", "fix the request"),
    ErrorCode("10040", "market", None, Kind.REJECTED, False, "종목코드가 존재 하지 않습니다", "issue code does not exist", "종목코드 없음", "fix the code"),
    ErrorCode("10050", "market", None, Kind.REJECTED, False, "데이터 FID가 존재 하지 않습니다", "data FID does not exist", "데이터 FID 없음", "fix the field names"),
    ErrorCode("10060", "market", None, Kind.REJECTED, False, "FILE이 존재 하지 않습니다", "file does not exist", "FILE 없음", "report it to the platform"),
    ErrorCode("10070", "market", None, Kind.DENIED, False, "고객정보가 일치하지 않습니다", "customer data do not match", "고객정보 불일치", "check key and licence"),
    ErrorCode("10080", "market", None, Kind.UNAVAILABLE, True, "서버 시스템 에러 입니다", "server system error", "서버 시스템 에러", "ask again later"),
    ErrorCode("10090", "market", None, Kind.UNAVAILABLE, True, "데이터 점검중입니다.신속히 복구 하겠습니다.감사합니다", "data under maintenance", "데이터 점검중", "ask again later"),
    ErrorCode("13001", "market", None, Kind.DENIED, False, "고객정보가 일치하지 않습니다", "customer data do not match", "고객정보 불일치", "check key and licence"),
    ErrorCode("13003", "market", None, Kind.DENIED, False, "해지 단말입니다.당사로 연락바랍니다 (1577-3600)", "terminal cancelled; call the company", "해지 단말", "contact the provider"),
    ErrorCode("13004", "market", None, Kind.UNAVAILABLE, True, "잠시후 재접속을 하여주시기 바랍니다", "reconnect later", "재접속 필요", "ask again later"),
    ErrorCode("20010", "market", None, Kind.REJECTED, False, "기간입력이 잘못되었습니다", "period is wrong", "기간입력 오류", "fix the dates"),
    ErrorCode("20020", "market", None, Kind.REJECTED, False, "해당 년,월,일에 자료가 없습니다", "no data for that date", "해당 일자 자료 없음", "treat as empty"),
    ErrorCode("20030", "market", None, Kind.REJECTED, False, "종목코드를 잘못 입력하였습니다", "wrong issue code", "종목코드 오류", "fix the code"),
    ErrorCode("20040", "market", None, Kind.UNAVAILABLE, True, "자료 준비중 입니다", "data being prepared", "자료 준비중", "ask again later"),
    ErrorCode("20050", "market", None, Kind.REJECTED, False, "해당 조회 코드에 자료가 없습니다", "no data for that code", "조회 코드 자료 없음", "treat as empty"),
    ErrorCode("20051", "market", None, Kind.REJECTED, False, "데이터가 삭제 되었습니다", "data deleted", "데이터 삭제", "treat as empty"),
    ErrorCode("20052", "market", None, Kind.REJECTED, False, "이미 삭제된 데이터이거나 등록되지 않은 종목입니다", "data already deleted or issue not registered", "삭제/미등록 종목", "treat as empty"),
    ErrorCode("20053", "market", None, Kind.REJECTED, False, "발행일이 만기일보다 큽니다", "issue date is after maturity", "발행일 > 만기일", "fix the dates"),
    ErrorCode("20054", "market", None, Kind.UNAVAILABLE, True, "시스템 에러 입니다.담당자에게 문의하시기 바랍니다", "system error, ask the staff", "시스템 에러", "ask again once, then report it to the platform"),
    ErrorCode("20055", "market", None, Kind.REJECTED, False, "입력 에러입니다.입력하신 데이터를 다시 확인하시기 바랍니다", "input error", "입력 에러", "fix the request"),
    ErrorCode("20056", "market", None, Kind.REJECTED, False, "생성 가능한 종목수를 초과하였습니다", "too many issues", "종목수 초과", "send fewer issues"),
    ErrorCode("20057", "market", None, Kind.REJECTED, False, "등록하신 종목이 아닙니다", "issue not registered", "미등록 종목", "fix the code"),
    ErrorCode("20060", "market", None, Kind.REJECTED, False, "종목코드를 입력하십시요", "issue code missing", "종목코드 미입력", "send the code"),
    ErrorCode("20070", "market", None, Kind.REJECTED, False, "기관코드를 잘못 입력하셨습니다", "wrong institution code", "기관코드 오류", "fix the code"),
    ErrorCode("20080", "market", None, Kind.REJECTED, False, "해당 채권코드에 대한 자료가 존재하지 않습니다", "no data for that bond code", "채권코드 자료 없음", "treat as empty"),
    ErrorCode("20090", "market", None, Kind.REJECTED, False, "자료가 존재하지 않습니다", "no data", "자료 없음", "treat as empty"),
    ErrorCode("20100", "market", None, Kind.REJECTED, False, "미래일 이어서 Data가 없습니다", "future date, no data", "미래일", "treat as empty"),
    ErrorCode("20110", "market", None, Kind.REJECTED, False, "비영업일 이어서 Data가 없습니다", "non-business day, no data", "비영업일", "use the previous business day"),
    ErrorCode("20120", "market", None, Kind.REJECTED, False, "입력사항 확인 후 재 조회 하십시오", "check the input and query again", "입력사항 확인", "fix the request"),
    ErrorCode("20130", "market", None, Kind.REJECTED, False, "조회가 완료되었습니다", "query complete", "조회 완료", "informational, success"),
    ErrorCode("20140", "market", None, Kind.REJECTED, False, "조회가 끝났습니다", "query ended", "조회 종료", "informational, end of data"),
    ErrorCode("20150", "market", None, Kind.REJECTED, False, "TR_CODE를 등록하세요", "register the TR_CODE", "TR_CODE 미등록", "fix the request"),
    ErrorCode("20160", "market", None, Kind.REJECTED, False, "Data버퍼 초과로 연속조회로 변경바랍니다", "data buffer exceeded, use continued queries", "Data버퍼 초과", "ask for fewer rows or a shorter range"),
    ErrorCode("20170", "market", None, Kind.REJECTED, False, "DB조회 시간을 초과 했습니다. 확인 하십시오", "database query timeout", "DB조회 시간 초과", "ask for a shorter range"),
    ErrorCode("20180", "market", None, Kind.REJECTED, False, "당일 Data가 조회되지 않습니다", "same-day data cannot be queried", "당일 Data 없음", "wait for the availability time or use the previous day"),
    # ofin-oauth
    ErrorCode("4000", "ofin-oauth", None, Kind.AUTHENTICATION, False, "", "general error", "일반적인 에러", "show and restart the login"),
    ErrorCode("4100", "ofin-oauth", None, Kind.DENIED, False, "", "no right to use the API or service", "이용 권한 없음", "check scope"),
    ErrorCode("4200", "ofin-oauth", None, Kind.UNAVAILABLE, False, "", "authorization code could not be delivered", "Authorization Code 전달 실패", "restart the login"),
    ErrorCode("4300", "ofin-oauth", None, Kind.DENIED, False, "", "the user refused", "권한 허용 거부", "ask the user"),
    ErrorCode("4400", "ofin-oauth", None, Kind.AUTHENTICATION, False, "", "already a member during non-member login", "이미 가입된 회원", "use the member login"),
    # thecheat
    ErrorCode("1", "thecheat", None, Kind.SUCCESS, False, "", "ok", "정상", "success"),
    ErrorCode("-1", "thecheat", None, Kind.UNAVAILABLE, False, "", "database connection error", "DB 접속 오류", "report it to TheCheat"),
    ErrorCode("-2", "thecheat", None, Kind.DENIED, False, "", "IP not allowed", "허용된 IP가 아님", "register the IP"),
    ErrorCode("-3", "thecheat", None, Kind.REJECTED, False, "", "invalid information", "유효한 정보 아님", "fix the request"),
)
# fmt: on

_BY_CODE_AND_CATEGORY = {(row.code, row.category): row for row in ERROR_CODES}

# Codes repeat across categories that never meet on one service: 4000 is a broker's on the account
# service and the login window's elsewhere. Account-based services are asked in this order.
_ACCOUNT_CATEGORIES = ("op-apim", "op-auth", "op-exco", BROKER_CATEGORY, "market")


def find_error_code(code: str, category: str | None = None) -> ErrorCode | None:
    """Return the manual's line for a code, or `None` if the manual does not list it.

    A category the manual does not name is a broker's own name.
    """
    if category is not None:
        row = _BY_CODE_AND_CATEGORY.get((code, category)) or _BY_CODE_AND_CATEGORY.get(
            (code, BROKER_CATEGORY)
        )
        if row is not None:
            return row
    for known in _ACCOUNT_CATEGORIES:
        row = _BY_CODE_AND_CATEGORY.get((code, known))
        if row is not None:
            return row
    return None
