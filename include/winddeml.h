/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef WINDDEML_H
#define WINDDEML_H

/* Everything a program includes to use this library: the DDE Management Library (ddeml.h), the messages and
 * packing functions of raw DDE (dde.h), and a few extensions with the prefix Ddeml.
 *
 * On Windows, and where Wine's headers came first, the platform's own headers declare the standard part.
 * Elsewhere it is declared here, with the names, values, layouts and calling convention of those headers, so
 * that objects compiled with either can be linked with one library. Where Wine's headers are wanted on a
 * POSIX system, include them before this one: they cannot follow it. */

#if defined(_WIN32) || defined(_WINDEF_)

#include <windows.h>

#include <ddeml.h>

#include <dde.h>

#define DDEML_API

#else

#define DDEML_STANDALONE 1

#include <stddef.h>

/* ---- Calling convention and linkage ------------------------------------------------------------------ */

#if defined(__x86_64__)
#define WINAPI __attribute__((ms_abi))
#elif defined(__i386__)
#define WINAPI __attribute__((stdcall))
#else
#define WINAPI
#endif

#define CALLBACK WINAPI
#define APIENTRY WINAPI
#define EXPENTRY CALLBACK

#define DDEML_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Basic types: the widths of Win32, whatever the widths of this system ---------------------------- */

#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif

#ifndef CONST
#define CONST const
#endif

typedef void *LPVOID;
typedef const void *LPCVOID;

typedef char CHAR, *PCHAR, *LPSTR, *PSTR;
typedef const CHAR *LPCSTR, *PCSTR;
typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef unsigned char UCHAR, *PUCHAR;
typedef BYTE BOOLEAN, *PBOOLEAN;
typedef short SHORT, *PSHORT;
typedef unsigned short USHORT, *PUSHORT;
typedef unsigned short WORD, *PWORD, *LPWORD;
typedef int BOOL, *PBOOL, *LPBOOL;
typedef int INT, *PINT, *LPINT;
typedef unsigned int UINT, *PUINT;

/* `long` where it has 32 bits, as on Windows, and `int` where it has not. */
#ifdef __LP64__
typedef int LONG, *PLONG, *LPLONG;
typedef unsigned int ULONG, *PULONG;
typedef unsigned int DWORD, *PDWORD, *LPDWORD;
#else
typedef long LONG, *PLONG, *LPLONG;
typedef unsigned long ULONG, *PULONG;
typedef unsigned long DWORD, *PDWORD, *LPDWORD;
#endif

/* As wide as a pointer. */
#ifdef __LP64__
typedef long INT_PTR, *PINT_PTR;
typedef unsigned long UINT_PTR, *PUINT_PTR;
#else
typedef int INT_PTR, *PINT_PTR;
typedef unsigned int UINT_PTR, *PUINT_PTR;
#endif
typedef long LONG_PTR, *PLONG_PTR;
typedef unsigned long ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;

typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM;
typedef LONG_PTR LRESULT;

/* UTF-16 code units: the type of u"..." in C and in C++. */
#if defined(__cplusplus) && defined(__cpp_unicode_literals)
typedef char16_t WCHAR;
#else
typedef unsigned short WCHAR;
#endif
typedef WCHAR *PWCHAR, *LPWSTR, *PWSTR;
typedef const WCHAR *LPCWSTR, *PCWSTR;

/* Under UNICODE, TEXT and the texts below need C11, GNU C or C++11. */
#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR;
typedef LPWSTR LPTSTR, PTSTR;
typedef LPCWSTR LPCTSTR, PCTSTR;
#define DDEML_NAME_AW(name) name##W
#define DDEML_TEXT_(text)   u##text
#else
typedef CHAR TCHAR, *PTCHAR;
typedef LPSTR LPTSTR, PTSTR;
typedef LPCSTR LPCTSTR, PCTSTR;
#define DDEML_NAME_AW(name) name##A
#define DDEML_TEXT_(text)   text
#endif

#define TEXT(text) DDEML_TEXT_(text)

#define LOBYTE(w) ((BYTE)((DWORD_PTR)(w)&0xFF))
#define HIBYTE(w) ((BYTE)(((DWORD_PTR)(w) >> 8) & 0xFF))
#define LOWORD(l) ((WORD)((DWORD_PTR)(l)&0xFFFF))
#define HIWORD(l) ((WORD)(((DWORD_PTR)(l) >> 16) & 0xFFFF))
#define MAKEWORD(low, high)                                                                                  \
    ((WORD)(((BYTE)((DWORD_PTR)(low)&0xFF)) | ((WORD)((BYTE)((DWORD_PTR)(high)&0xFF))) << 8))
#define MAKELONG(low, high)                                                                                  \
    ((LONG)(((WORD)((DWORD_PTR)(low)&0xFFFF)) | ((DWORD)((WORD)((DWORD_PTR)(high)&0xFFFF))) << 16))
#define MAKEWPARAM(low, high)  ((WPARAM)(DWORD)MAKELONG(low, high))
#define MAKELPARAM(low, high)  ((LPARAM)(DWORD)MAKELONG(low, high))
#define MAKELRESULT(low, high) ((LRESULT)(DWORD)MAKELONG(low, high))

/* ---- Handles ----------------------------------------------------------------------------------------- */

typedef void *HANDLE;
typedef HANDLE *PHANDLE, *LPHANDLE;
typedef HANDLE HGLOBAL;
typedef HANDLE GLOBALHANDLE;
typedef WORD ATOM;

#define DECLARE_HANDLE(name)                                                                                 \
    typedef struct name##__ {                                                                                \
        int unused;                                                                                          \
    } * name

DECLARE_HANDLE(HWND);
DECLARE_HANDLE(HCONVLIST);
DECLARE_HANDLE(HCONV);
DECLARE_HANDLE(HSZ);
DECLARE_HANDLE(HDDEDATA);

/* ---- Clipboard formats: what the wFmt of a transaction names ----------------------------------------- */

#define CF_TEXT            1
#define CF_BITMAP          2
#define CF_METAFILEPICT    3
#define CF_SYLK            4
#define CF_DIF             5
#define CF_TIFF            6
#define CF_OEMTEXT         7
#define CF_DIB             8
#define CF_PALETTE         9
#define CF_PENDATA         10
#define CF_RIFF            11
#define CF_WAVE            12
#define CF_UNICODETEXT     13
#define CF_ENHMETAFILE     14
#define CF_HDROP           15
#define CF_LOCALE          16
#define CF_DIBV5           17
#define CF_MAX             18
#define CF_OWNERDISPLAY    0x0080
#define CF_DSPTEXT         0x0081
#define CF_DSPBITMAP       0x0082
#define CF_DSPMETAFILEPICT 0x0083
#define CF_DSPENHMETAFILE  0x008E
#define CF_PRIVATEFIRST    0x0200
#define CF_PRIVATELAST     0x02FF
#define CF_GDIOBJFIRST     0x0300
#define CF_GDIOBJLAST      0x03FF

/* ---- Quality of service ------------------------------------------------------------------------------ */

typedef enum _SECURITY_IMPERSONATION_LEVEL {
    SecurityAnonymous,
    SecurityIdentification,
    SecurityImpersonation,
    SecurityDelegation
} SECURITY_IMPERSONATION_LEVEL,
    *PSECURITY_IMPERSONATION_LEVEL;

#define SECURITY_DYNAMIC_TRACKING (TRUE)
#define SECURITY_STATIC_TRACKING  (FALSE)

typedef BOOLEAN SECURITY_CONTEXT_TRACKING_MODE, *PSECURITY_CONTEXT_TRACKING_MODE;

typedef struct _SECURITY_QUALITY_OF_SERVICE {
    DWORD Length;
    SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
    SECURITY_CONTEXT_TRACKING_MODE ContextTrackingMode;
    BOOLEAN EffectiveOnly;
} SECURITY_QUALITY_OF_SERVICE, *PSECURITY_QUALITY_OF_SERVICE;

/* ==== dde.h: raw DDE ================================================================================== */

#define WM_DDE_FIRST     0x03E0
#define WM_DDE_INITIATE  (WM_DDE_FIRST)
#define WM_DDE_TERMINATE (WM_DDE_FIRST + 1)
#define WM_DDE_ADVISE    (WM_DDE_FIRST + 2)
#define WM_DDE_UNADVISE  (WM_DDE_FIRST + 3)
#define WM_DDE_ACK       (WM_DDE_FIRST + 4)
#define WM_DDE_DATA      (WM_DDE_FIRST + 5)
#define WM_DDE_REQUEST   (WM_DDE_FIRST + 6)
#define WM_DDE_POKE      (WM_DDE_FIRST + 7)
#define WM_DDE_EXECUTE   (WM_DDE_FIRST + 8)
#define WM_DDE_LAST      (WM_DDE_FIRST + 8)

/* The status word of WM_DDE_ACK. */
__extension__ typedef struct {
    unsigned short bAppReturnCode : 8, reserved : 6, fBusy : 1, fAck : 1;
} DDEACK;

/* The memory object of WM_DDE_ADVISE. */
__extension__ typedef struct {
    unsigned short reserved : 14, fDeferUpd : 1, fAckReq : 1;
    short cfFormat;
} DDEADVISE;

/* The memory object of WM_DDE_DATA; Value is as long as the object allows. */
__extension__ typedef struct {
    unsigned short unused : 12, fResponse : 1, fRelease : 1, reserved : 1, fAckReq : 1;
    short cfFormat;
    BYTE Value[1];
} DDEDATA;

/* The memory object of WM_DDE_POKE; Value is as long as the object allows. */
__extension__ typedef struct {
    unsigned short unused : 13, fRelease : 1, fReserved : 2;
    short cfFormat;
    BYTE Value[1];
} DDEPOKE;

/* The same objects as earlier versions of DDE named them. */
__extension__ typedef struct {
    unsigned short unused : 13, fRelease : 1, fDeferUpd : 1, fAckReq : 1;
    short cfFormat;
} DDELN;

__extension__ typedef struct {
    unsigned short unused : 12, fAck : 1, fRelease : 1, fReserved : 1, fAckReq : 1;
    short cfFormat;
    BYTE rgb[1];
} DDEUP;

/* Dynamic Data Exchange: packing parameters */
DDEML_API LPARAM WINAPI PackDDElParam(UINT msg, UINT_PTR uiLo, UINT_PTR uiHi);
DDEML_API BOOL WINAPI UnpackDDElParam(UINT msg, LPARAM lParam, PUINT_PTR puiLo, PUINT_PTR puiHi);
DDEML_API BOOL WINAPI FreeDDElParam(UINT msg, LPARAM lParam);
DDEML_API LPARAM WINAPI ReuseDDElParam(LPARAM lParam, UINT msgIn, UINT msgOut, UINT_PTR uiLo, UINT_PTR uiHi);

/* Dynamic Data Exchange: security, quality of service. On this system nobody can be impersonated: these, and
 * DdeImpersonateClient, return FALSE with errno ENOSYS, or EINVAL for what is no window. */
DDEML_API BOOL WINAPI DdeSetQualityOfService(HWND hwndClient, const SECURITY_QUALITY_OF_SERVICE *pqosNew,
                                             PSECURITY_QUALITY_OF_SERVICE pqosPrev);
DDEML_API BOOL WINAPI ImpersonateDdeClientWindow(HWND hWndClient, HWND hWndServer);

/* ==== ddeml.h: constants ============================================================================== */

#define CP_WINANSI    1004
#define CP_WINUNICODE 1200

#define MSGF_DDEMGR 0x8001

#define QID_SYNC               0xFFFFFFFF
#define TIMEOUT_ASYNC          0xFFFFFFFF

/* The System topic and what every topic should answer. */
#define SZDDESYS_TOPIC         TEXT("System")
#define SZDDESYS_ITEM_TOPICS   TEXT("Topics")
#define SZDDESYS_ITEM_SYSITEMS TEXT("SysItems")
#define SZDDESYS_ITEM_RTNMSG   TEXT("ReturnMessage")
#define SZDDESYS_ITEM_STATUS   TEXT("Status")
#define SZDDESYS_ITEM_FORMATS  TEXT("Formats")
#define SZDDESYS_ITEM_HELP     TEXT("Help")
#define SZDDE_ITEM_ITEMLIST    TEXT("TopicItemList")

/* CONVINFO.wConvst: what the conversation's last transaction has come to. */
#define XST_NULL               0
#define XST_INCOMPLETE         1
#define XST_CONNECTED          2
#define XST_INIT1              3
#define XST_INIT2              4
#define XST_REQSENT            5
#define XST_DATARCVD           6
#define XST_POKESENT           7
#define XST_POKEACKRCVD        8
#define XST_EXECSENT           9
#define XST_EXECACKRCVD        10
#define XST_ADVSENT            11
#define XST_UNADVSENT          12
#define XST_ADVACKRCVD         13
#define XST_UNADVACKRCVD       14
#define XST_ADVDATASENT        15
#define XST_ADVDATAACKRCVD     16

/* The low word of XTYP_ADVREQ's dwData1 when it makes up for an update that had to wait. */
#define CADV_LATEACK           0xFFFF

/* CONVINFO.wStatus: bits. */
#define ST_CONNECTED           0x0001
#define ST_ADVISE              0x0002
#define ST_ISLOCAL             0x0004
#define ST_BLOCKED             0x0008
#define ST_CLIENT              0x0010
#define ST_TERMINATED          0x0020
#define ST_INLIST              0x0040
#define ST_BLOCKNEXT           0x0080
#define ST_ISSELF              0x0100

/* The status word of DDE messages, which is also what XCLASS_FLAGS callbacks return. */
#define DDE_FACK               0x8000
#define DDE_FBUSY              0x4000
#define DDE_FDEFERUPD          0x4000
#define DDE_FACKREQ            0x8000
#define DDE_FRELEASE           0x2000
#define DDE_FREQUESTED         0x1000
#define DDE_FAPPSTATUS         0x00FF
#define DDE_FNOTPROCESSED      0x0000

#define DDE_FACKRESERVED (~(DDE_FACK | DDE_FBUSY | DDE_FAPPSTATUS))
#define DDE_FADVRESERVED (~(DDE_FACKREQ | DDE_FDEFERUPD))
#define DDE_FDATRESERVED (~(DDE_FACKREQ | DDE_FRELEASE | DDE_FREQUESTED))
#define DDE_FPOKRESERVED (~(DDE_FRELEASE))

/* Transaction types. */
#define XTYPF_NOBLOCK    0x0002
#define XTYPF_NODATA     0x0004
#define XTYPF_ACKREQ     0x0008

#define XCLASS_MASK         0xFC00
#define XCLASS_BOOL         0x1000
#define XCLASS_DATA         0x2000
#define XCLASS_FLAGS        0x4000
#define XCLASS_NOTIFICATION 0x8000

#define XTYP_ERROR           (0x0000 | XCLASS_NOTIFICATION | XTYPF_NOBLOCK)
#define XTYP_ADVDATA         (0x0010 | XCLASS_FLAGS)
#define XTYP_ADVREQ          (0x0020 | XCLASS_DATA | XTYPF_NOBLOCK)
#define XTYP_ADVSTART        (0x0030 | XCLASS_BOOL)
#define XTYP_ADVSTOP         (0x0040 | XCLASS_NOTIFICATION)
#define XTYP_EXECUTE         (0x0050 | XCLASS_FLAGS)
#define XTYP_CONNECT         (0x0060 | XCLASS_BOOL | XTYPF_NOBLOCK)
#define XTYP_CONNECT_CONFIRM (0x0070 | XCLASS_NOTIFICATION | XTYPF_NOBLOCK)
#define XTYP_XACT_COMPLETE   (0x0080 | XCLASS_NOTIFICATION)
#define XTYP_POKE            (0x0090 | XCLASS_FLAGS)
#define XTYP_REGISTER        (0x00A0 | XCLASS_NOTIFICATION | XTYPF_NOBLOCK)
#define XTYP_REQUEST         (0x00B0 | XCLASS_DATA)
#define XTYP_DISCONNECT      (0x00C0 | XCLASS_NOTIFICATION | XTYPF_NOBLOCK)
#define XTYP_UNREGISTER      (0x00D0 | XCLASS_NOTIFICATION | XTYPF_NOBLOCK)
#define XTYP_WILDCONNECT     (0x00E0 | XCLASS_DATA | XTYPF_NOBLOCK)
#define XTYP_MONITOR         (0x00F0 | XCLASS_NOTIFICATION | XTYPF_NOBLOCK)

#define XTYP_MASK                  0x00F0
#define XTYP_SHIFT                 4

/* DdeInitialize: which callbacks the instance does without, */
#define CBF_FAIL_SELFCONNECTIONS   0x00001000
#define CBF_FAIL_CONNECTIONS       0x00002000
#define CBF_FAIL_ADVISES           0x00004000
#define CBF_FAIL_EXECUTES          0x00008000
#define CBF_FAIL_POKES             0x00010000
#define CBF_FAIL_REQUESTS          0x00020000
#define CBF_FAIL_ALLSVRXACTIONS    0x0003F000
#define CBF_SKIP_CONNECT_CONFIRMS  0x00040000
#define CBF_SKIP_REGISTRATIONS     0x00080000
#define CBF_SKIP_UNREGISTRATIONS   0x00100000
#define CBF_SKIP_DISCONNECTS       0x00200000
#define CBF_SKIP_ALLNOTIFICATIONS  0x003C0000

/* what it is, */
#define APPCMD_CLIENTONLY          0x00000010
#define APPCMD_FILTERINITS         0x00000020
#define APPCMD_MASK                0x00000FF0
#define APPCLASS_STANDARD          0x00000000
#define APPCLASS_MONITOR           0x00000001
#define APPCLASS_MASK              0x0000000F

/* and, of a monitor, what it wants to see. */
#define MF_HSZ_INFO                0x01000000
#define MF_SENDMSGS                0x02000000
#define MF_POSTMSGS                0x04000000
#define MF_CALLBACKS               0x08000000
#define MF_ERRORS                  0x10000000
#define MF_LINKS                   0x20000000
#define MF_CONV                    0x40000000
#define MF_MASK                    0xFF000000

/* What a callback returns to be asked again later. */
#define CBR_BLOCK                  ((HDDEDATA)-1)

/* DdeEnableCallback. */
#define EC_ENABLEALL               0
#define EC_ENABLEONE               ST_BLOCKNEXT
#define EC_DISABLE                 ST_BLOCKED
#define EC_QUERYWAITING            2

/* DdeNameService. */
#define DNS_REGISTER               0x0001
#define DNS_UNREGISTER             0x0002
#define DNS_FILTERON               0x0004
#define DNS_FILTEROFF              0x0008

/* DdeCreateDataHandle. */
#define HDATA_APPOWNED             0x0001

/* DdeGetLastError. */
#define DMLERR_NO_ERROR            0
#define DMLERR_FIRST               0x4000
#define DMLERR_ADVACKTIMEOUT       0x4000
#define DMLERR_BUSY                0x4001
#define DMLERR_DATAACKTIMEOUT      0x4002
#define DMLERR_DLL_NOT_INITIALIZED 0x4003
#define DMLERR_DLL_USAGE           0x4004
#define DMLERR_EXECACKTIMEOUT      0x4005
#define DMLERR_INVALIDPARAMETER    0x4006
#define DMLERR_LOW_MEMORY          0x4007
#define DMLERR_MEMORY_ERROR        0x4008
#define DMLERR_NOTPROCESSED        0x4009
#define DMLERR_NO_CONV_ESTABLISHED 0x400A
#define DMLERR_POKEACKTIMEOUT      0x400B
#define DMLERR_POSTMSG_FAILED      0x400C
#define DMLERR_REENTRANCY          0x400D
#define DMLERR_SERVER_DIED         0x400E
#define DMLERR_SYS_ERROR           0x400F
#define DMLERR_UNADVACKTIMEOUT     0x4010
#define DMLERR_UNFOUND_QUEUE_ID    0x4011
#define DMLERR_LAST                0x4011

/* ==== ddeml.h: structures ============================================================================= */

/* One offer in the answer to XTYP_WILDCONNECT; the last one of the array has two zero members. */
typedef struct tagHSZPAIR {
    HSZ hszSvc;
    HSZ hszTopic;
} HSZPAIR, *PHSZPAIR;

/* What a client lets the server know with XTYP_CONNECT. */
typedef struct tagCONVCONTEXT {
    UINT cb;
    UINT wFlags;
    UINT wCountryID;
    INT iCodePage;
    DWORD dwLangID;
    DWORD dwSecurity;
    SECURITY_QUALITY_OF_SERVICE qos;
} CONVCONTEXT, *PCONVCONTEXT;

/* DdeQueryConvInfo. */
typedef struct tagCONVINFO {
    DWORD cb;
    DWORD_PTR hUser;
    HCONV hConvPartner;
    HSZ hszSvcPartner;
    HSZ hszServiceReq;
    HSZ hszTopic;
    HSZ hszItem;
    UINT wFmt;
    UINT wType;
    UINT wStatus;
    UINT wConvst;
    UINT wLastError;
    HCONVLIST hConvList;
    CONVCONTEXT ConvCtxt;
    HWND hwnd;
    HWND hwndPartner;
} CONVINFO, *PCONVINFO;

/* ==== ddeml.h: functions ============================================================================== *
 * Each group names the section of the DDEML documentation that describes it. The manual of this library is at
 * the definitions. */

/* DDE callback function */
typedef HDDEDATA CALLBACK FNCALLBACK(UINT wType, UINT wFmt, HCONV hConv, HSZ hsz1, HSZ hsz2, HDDEDATA hData,
                                     ULONG_PTR dwData1, ULONG_PTR dwData2);
typedef HDDEDATA(CALLBACK *PFNCALLBACK)(UINT wType, UINT wFmt, HCONV hConv, HSZ hsz1, HSZ hsz2,
                                        HDDEDATA hData, ULONG_PTR dwData1, ULONG_PTR dwData2);

/* Initialization */
DDEML_API UINT WINAPI DdeInitializeA(LPDWORD pidInst, PFNCALLBACK pfnCallback, DWORD afCmd, DWORD ulRes);
DDEML_API UINT WINAPI DdeInitializeW(LPDWORD pidInst, PFNCALLBACK pfnCallback, DWORD afCmd, DWORD ulRes);
#define DdeInitialize              DDEML_NAME_AW(DdeInitialize)
DDEML_API BOOL WINAPI DdeUninitialize(DWORD idInst);

/* Error detection */
DDEML_API UINT WINAPI DdeGetLastError(DWORD idInst);

/* String management */
DDEML_API HSZ WINAPI DdeCreateStringHandleA(DWORD idInst, LPCSTR psz, INT iCodePage);
DDEML_API HSZ WINAPI DdeCreateStringHandleW(DWORD idInst, LPCWSTR psz, INT iCodePage);
#define DdeCreateStringHandle      DDEML_NAME_AW(DdeCreateStringHandle)
DDEML_API DWORD WINAPI DdeQueryStringA(DWORD idInst, HSZ hsz, LPSTR psz, DWORD cchMax, INT iCodePage);
DDEML_API DWORD WINAPI DdeQueryStringW(DWORD idInst, HSZ hsz, LPWSTR psz, DWORD cchMax, INT iCodePage);
#define DdeQueryString             DDEML_NAME_AW(DdeQueryString)
DDEML_API BOOL WINAPI DdeKeepStringHandle(DWORD idInst, HSZ hsz);
DDEML_API BOOL WINAPI DdeFreeStringHandle(DWORD idInst, HSZ hsz);
DDEML_API INT WINAPI DdeCmpStringHandles(HSZ hsz1, HSZ hsz2);

/* Name service: service-name registration, service-name filter */
DDEML_API HDDEDATA WINAPI DdeNameService(DWORD idInst, HSZ hsz1, HSZ hsz2, UINT afCmd);

/* Conversation management: single conversations */
DDEML_API HCONV WINAPI DdeConnect(DWORD idInst, HSZ hszService, HSZ hszTopic, PCONVCONTEXT pCC);
DDEML_API HCONV WINAPI DdeReconnect(HCONV hConv);
DDEML_API BOOL WINAPI DdeDisconnect(HCONV hConv);
DDEML_API UINT WINAPI DdeQueryConvInfo(HCONV hConv, DWORD idTransaction, PCONVINFO pConvInfo);
DDEML_API BOOL WINAPI DdeSetUserHandle(HCONV hConv, DWORD id, DWORD_PTR hUser);

/* Conversation management: multiple conversations */
DDEML_API HCONVLIST WINAPI DdeConnectList(DWORD idInst, HSZ hszService, HSZ hszTopic, HCONVLIST hConvList,
                                          PCONVCONTEXT pCC);
DDEML_API HCONV WINAPI DdeQueryNextServer(HCONVLIST hConvList, HCONV hConvPrev);
DDEML_API BOOL WINAPI DdeDisconnectList(HCONVLIST hConvList);

/* Conversation management: impersonation */
DDEML_API BOOL WINAPI DdeImpersonateClient(HCONV hConv);

/* Data management */
DDEML_API HDDEDATA WINAPI DdeCreateDataHandle(DWORD idInst, LPBYTE pSrc, DWORD cb, DWORD cbOff, HSZ hszItem,
                                              UINT wFmt, UINT afCmd);
DDEML_API HDDEDATA WINAPI DdeAddData(HDDEDATA hData, LPBYTE pSrc, DWORD cb, DWORD cbOff);
DDEML_API DWORD WINAPI DdeGetData(HDDEDATA hData, LPBYTE pDst, DWORD cbMax, DWORD cbOff);
DDEML_API LPBYTE WINAPI DdeAccessData(HDDEDATA hData, LPDWORD pcbDataSize);
DDEML_API BOOL WINAPI DdeUnaccessData(HDDEDATA hData);
DDEML_API BOOL WINAPI DdeFreeDataHandle(HDDEDATA hData);

/* Transaction management: request, poke, advise and execute; synchronous and asynchronous */
DDEML_API HDDEDATA WINAPI DdeClientTransaction(LPBYTE pData, DWORD cbData, HCONV hConv, HSZ hszItem,
                                               UINT wFmt, UINT wType, DWORD dwTimeout, LPDWORD pdwResult);
DDEML_API BOOL WINAPI DdeAbandonTransaction(DWORD idInst, HCONV hConv, DWORD idTransaction);

/* Transaction management: advise transaction, the server's part */
DDEML_API BOOL WINAPI DdePostAdvise(DWORD idInst, HSZ hszTopic, HSZ hszItem);

/* Transaction management: transaction control */
DDEML_API BOOL WINAPI DdeEnableCallback(DWORD idInst, HCONV hConv, UINT wCmd);

#ifdef __cplusplus
}
#endif

#endif /* standalone */

#ifdef __cplusplus
extern "C" {
#endif

#ifndef CP_WINNEUTRAL
#ifdef UNICODE
#define CP_WINNEUTRAL CP_WINUNICODE
#else
#define CP_WINNEUTRAL CP_WINANSI
#endif
#endif

/* ==== ddeml.h: monitoring applications ================================================================ *
 * Also for programs that use Wine's header, which lacks it. */

#if !defined(MH_CREATE) && !defined(NODDEMLSPY)

#define MAX_MONITORS 4

#ifndef XTYP_MONITOR
#define XTYP_MONITOR (0x00F0 | XCLASS_NOTIFICATION | XTYPF_NOBLOCK)
#endif

/* MONHSZSTRUCT.fsAction. */
#define MH_CREATE  1
#define MH_KEEP    2
#define MH_DELETE  3
#define MH_CLEANUP 4

/* A DDE message taken apart: the halves of its lParam and the first bytes of its data. */
typedef struct tagDDEML_MSG_HOOK_DATA {
    UINT_PTR uiLo;
    UINT_PTR uiHi;
    DWORD cbData;
    DWORD Data[8];
} DDEML_MSG_HOOK_DATA, *PDDEML_MSG_HOOK_DATA;

/* MF_SENDMSGS, MF_POSTMSGS */
typedef struct tagMONMSGSTRUCT {
    UINT cb;
    HWND hwndTo;
    DWORD dwTime;
    HANDLE hTask;
    UINT wMsg;
    WPARAM wParam;
    LPARAM lParam;
    DDEML_MSG_HOOK_DATA dmhd;
} MONMSGSTRUCT, *PMONMSGSTRUCT;

/* MF_CALLBACKS */
typedef struct tagMONCBSTRUCT {
    UINT cb;
    DWORD dwTime;
    HANDLE hTask;
    DWORD dwRet;
    UINT wType;
    UINT wFmt;
    HCONV hConv;
    HSZ hsz1;
    HSZ hsz2;
    HDDEDATA hData;
    ULONG_PTR dwData1;
    ULONG_PTR dwData2;
    CONVCONTEXT cc;
    DWORD cbData;
    DWORD Data[8];
} MONCBSTRUCT, *PMONCBSTRUCT;

/* MF_HSZ_INFO; the text follows in place */
typedef struct tagMONHSZSTRUCTA {
    UINT cb;
    BOOL fsAction;
    DWORD dwTime;
    HSZ hsz;
    HANDLE hTask;
    CHAR str[1];
} MONHSZSTRUCTA, *PMONHSZSTRUCTA;

typedef struct tagMONHSZSTRUCTW {
    UINT cb;
    BOOL fsAction;
    DWORD dwTime;
    HSZ hsz;
    HANDLE hTask;
    WCHAR str[1];
} MONHSZSTRUCTW, *PMONHSZSTRUCTW;

#ifdef UNICODE
typedef MONHSZSTRUCTW MONHSZSTRUCT;
typedef PMONHSZSTRUCTW PMONHSZSTRUCT;
#else
typedef MONHSZSTRUCTA MONHSZSTRUCT;
typedef PMONHSZSTRUCTA PMONHSZSTRUCT;
#endif

/* MF_ERRORS */
typedef struct tagMONERRSTRUCT {
    UINT cb;
    UINT wLastError;
    DWORD dwTime;
    HANDLE hTask;
} MONERRSTRUCT, *PMONERRSTRUCT;

/* MF_LINKS */
typedef struct tagMONLINKSTRUCT {
    UINT cb;
    DWORD dwTime;
    HANDLE hTask;
    BOOL fEstablished;
    BOOL fNoData;
    HSZ hszSvc;
    HSZ hszTopic;
    HSZ hszItem;
    UINT wFmt;
    BOOL fServer;
    HCONV hConvServer;
    HCONV hConvClient;
} MONLINKSTRUCT, *PMONLINKSTRUCT;

/* MF_CONV */
typedef struct tagMONCONVSTRUCT {
    UINT cb;
    BOOL fConnect;
    DWORD dwTime;
    HANDLE hTask;
    HSZ hszSvc;
    HSZ hszTopic;
    HCONV hConvClient;
    HCONV hConvServer;
} MONCONVSTRUCT, *PMONCONVSTRUCT;

#endif /* monitoring */

/* ==== Extensions ====================================================================================== */

/* The version this header belongs to: major << 16 | minor. */
#define DDEML_VERSION 0x00010000

/* The columns of the ledger: one per kind of resource the library holds. A program that wants to print the
 * ledger applies this list to a macro of its own. Columns are only ever added at the end. */
#define DDEML_LEDGER_COLUMNS(X)                                                                              \
    X(instances)     /* DDEML instances                                                        */            \
    X(conversations) /* sides of conversations, until the partner has confirmed the end        */            \
    X(transactions)  /* client transactions outstanding, or complete and not yet delivered     */            \
    X(links)         /* sides of advise loops                                                  */            \
    X(strings)       /* references on string handles                                           */            \
    X(data)          /* data objects                                                           */            \
    X(windows)       /* windows                                                                */            \
    X(memory)        /* global memory blocks that carry data                                   */            \
    X(packed)        /* packed lParams                                                         */            \
    X(atoms)         /* references on global atoms                                             */            \
    X(queued)        /* messages posted between this process's own conversation windows and not yet taken */ \
    X(heap)          /* blocks of the library's own memory                                     */

/* What the library holds at one moment. Every column counts objects, none bytes. */
typedef struct tagDDEMLLEDGER {
    DWORD cb; /* size of the structure in bytes, set by the caller */
#define DDEML_LEDGER_MEMBER(name) LONG name;
    DDEML_LEDGER_COLUMNS(DDEML_LEDGER_MEMBER)
#undef DDEML_LEDGER_MEMBER
} DDEMLLEDGER, *PDDEMLLEDGER;

/* DdemlGetLedger: what does the library hold right now?
 *
 * idInst   An instance of the calling thread: what this instance holds. 0: what the whole process holds, all
 *          threads together, which needs no instance; once every instance is uninitialised and every message
 *          taken, all columns are 0.
 * pLedger  The caller's structure with cb set to its size in bytes, at least one column's worth. Columns that
 *          do not fit are left out; room beyond the columns this library knows is not touched, nor is cb.
 *          Nothing is kept, nothing is to be freed.
 *
 * Returns TRUE; or FALSE with nothing written if idInst is no instance of the calling thread, pLedger is NULL
 * or cb has no room for a column. Sets no error and may be called anywhere, also inside a callback. While
 * other threads work, the columns of the process need not be of one and the same moment. */
DDEML_API BOOL WINAPI DdemlGetLedger(DWORD idInst, DDEMLLEDGER *pLedger);

/* What one instance of some process holds. */
typedef struct tagDDEMLHOLDER {
    DWORD cb; /* size of the structure in bytes */
    DWORD dwProcess, dwThread, idInst;
    DDEMLLEDGER process; /* the whole process: the same for each of its instances */
    DDEMLLEDGER inst;    /* this instance                                          */
} DDEMLHOLDER, *PDDEMLHOLDER;

typedef BOOL(CALLBACK *PFNDDEMLHOLDER)(const DDEMLHOLDER *pHolder, LPVOID lpParam);

/* DdemlListHolders: what does every instance hold right now, in this process and in all others that use this
 * library?
 *
 * pfnHolder  Called for each instance that answers, on this thread; the structure is only lent. FALSE: no more.
 * lpParam    For pfnHolder.
 * dwTimeout  How long to wait for answers, in milliseconds. Nobody knows how many will come, so the function takes
 *            that long unless pfnHolder says that it has had enough. An instance whose thread does not
 *            dispatch messages does not answer.
 *
 * Returns how often pfnHolder was called; 0 if pfnHolder is NULL or the system has no window to spare. Messages are
 * dispatched meanwhile, callbacks run. */
DDEML_API DWORD WINAPI DdemlListHolders(PFNDDEMLHOLDER pfnHolder, LPVOID lpParam, DWORD dwTimeout);

/* DdemlDispatch: take and dispatch every message that waits for the calling thread.
 *
 * For programs without a message loop of their own; all callbacks of the thread's instances run inside it. On
 * Windows it takes messages of all windows of the thread, like any message loop, and leaves WM_QUIT in place.
 *
 * dwTimeout  How long to wait, in milliseconds, if no message is there yet: 0 only looks, 0xFFFFFFFF waits
 *            for ever. Once a message has come it does not wait for another.
 *
 * Returns TRUE if at least one message was dispatched, FALSE if time ran out first. */
DDEML_API BOOL WINAPI DdemlDispatch(DWORD dwTimeout);

/* DdemlGetFd: a file descriptor for the program's own event loop.
 *
 * For programs that wait in poll, epoll, GLib, libuv, Qt or the like (docs/event-loops.md): the descriptor is
 * readable when DdemlDispatch(0) on the calling thread has something to do, or may have; then the program calls that,
 * and waits again. Nothing is missed, however seldom the program looks, and nothing that has been dispatched wakes it
 * again.
 *
 * There is one for each thread, made at the first call, also before the thread's first DdeInitialize; further calls
 * return the same. It belongs to the library, which closes it when the thread ends: the program never reads, writes
 * or closes it, and leaves it alone in a child of fork, which has to ask for its own. It is an epoll descriptor: a
 * program's epoll, and one more around that, may contain it.
 *
 * Returns the descriptor; or -1 if the system refuses (errno), and always on Windows, where every loop that dispatches
 * messages serves DDE. */
DDEML_API INT WINAPI DdemlGetFd(void);

/* What a service thread is told to run. */
typedef void(CALLBACK *PFNDDEMLTHREAD)(LPVOID lpParam);

/* DdemlStartThread: a thread for a program that has no loop to serve DDE from.
 *
 * The thread runs pfnStart(lpParam) and then dispatches messages until DdemlStopThread. As everywhere, instances and
 * all that belongs to them can be used only on the thread that made them: in pfnStart the program calls
 * DdeInitialize and DdeNameService, all callbacks run on this thread, and DdemlCallThread brings other functions to
 * it. There may be any number of such threads. They get none of the process's signals (Linux).
 *
 * pfnStart   May be NULL: then the thread has nothing to do until DdemlCallThread.
 * lpParam    Passed on; has to live until pfnStart has returned.
 * pidThread  Receives the thread's id, before pfnStart begins. 0 if the function fails.
 *
 * Returns DMLERR_NO_ERROR when the thread is there: pfnStart may not have begun yet, but what DdemlCallThread brings
 * comes behind it. DMLERR_INVALIDPARAMETER if pidThread is NULL; DMLERR_MEMORY_ERROR; DMLERR_SYS_ERROR if the system
 * refuses a thread.
 *
 * This function, DdemlCallThread and DdemlStopThread may be called on any thread, also inside a callback. While they
 * wait, DDE messages for the calling thread are dispatched as during a synchronous transaction. A child of fork has
 * none of its parent's threads. A program may end without DdemlStopThread; then its partners are told nothing, as
 * by any program that ends without DdeUninitialize. */
DDEML_API UINT WINAPI DdemlStartThread(PFNDDEMLTHREAD pfnStart, LPVOID lpParam, LPDWORD pidThread);

/* DdemlCallThread: run a function on a thread of DdemlStartThread, and wait until it has returned.
 *
 * The function runs between two messages, never inside a callback or inside another function, and in the order of
 * the calls. On the thread itself pfnCall is called directly, at once.
 *
 * idThread   From DdemlStartThread.
 * pfnCall    The function; lpParam is passed on.
 * dwTimeout  How long to wait, in milliseconds; 0xFFFFFFFF: for ever.
 *
 * Returns DMLERR_NO_ERROR when the function has returned; otherwise
 *   DMLERR_BUSY              time is up: the function has not been called, and will not be
 *   DMLERR_EXECACKTIMEOUT    time is up: the function has been called and has not returned yet
 *   DMLERR_SERVER_DIED       the thread has been told to stop, or has ended, before the function had returned
 *   DMLERR_INVALIDPARAMETER  there is no such thread (any more), or pfnCall is NULL
 *   DMLERR_MEMORY_ERROR */
DDEML_API UINT WINAPI DdemlCallThread(DWORD idThread, PFNDDEMLTHREAD pfnCall, LPVOID lpParam,
                                      DWORD dwTimeout);

/* DdemlStopThread: end a thread of DdemlStartThread.
 *
 * What the thread is running is finished, a callback or a function; functions that wait for their turn are not called
 * any more. The instances that are left on the thread are uninitialised as by DdeUninitialize, then the thread ends.
 *
 * dwTimeout  How long to wait for that, in milliseconds; 0xFFFFFFFF: for ever. 0 only tells the thread.
 *
 * Returns DMLERR_NO_ERROR when the thread has ended; on the thread itself at once: it ends when the callback or
 * function has returned. DMLERR_EXECACKTIMEOUT if time is up: the thread ends when it can, and this function may be
 * called again to wait for that. DMLERR_INVALIDPARAMETER: there is no such thread (any more). DMLERR_MEMORY_ERROR:
 * the thread has been told, but there is no memory to wait with. */
DDEML_API UINT WINAPI DdemlStopThread(DWORD idThread, DWORD dwTimeout);

/* DdemlSetDeadlines: limit how long this process waits for partners that do not answer.
 *
 * dwInitiate  How long DdeConnect, DdeConnectList and DdeReconnect wait, in milliseconds, for windows that do
 *             not answer an initiate. 1000 at first.
 * dwShutdown  How long DdeUninitialize waits, in milliseconds, for partners to confirm the end of their
 *             conversations. 30000 at first.
 *
 * 0 leaves a value as it is. The values hold for all threads of the process and for every wait that begins
 * after the call. Returns TRUE. */
DDEML_API BOOL WINAPI DdemlSetDeadlines(DWORD dwInitiate, DWORD dwShutdown);

/* DdemlRebindModule: make a module that was linked with the system's DDEML use this library, in this process.
 *
 * For a program that loads DLLs which it cannot link again, or whose own linker met user32 first. What the module has
 * imported of DDE from user32 leads to this library afterwards. It does not matter whether the command ddeml-rebind
 * (docs/rebind.md) would refuse the file: signed, packed or bound, here it has been loaded. What the module looks up
 * with GetProcAddress, or has looked up before, stays the system's.
 *
 * The two libraries know nothing of each other's handles: call it before the module calls DdeInitialize, or after its
 * last DdeUninitialize, and take it back likewise. The module must not be unloaded by another thread meanwhile, nor this
 * library as long as a module leads to it.
 *
 * hModule  From LoadLibrary or GetModuleHandle; GetModuleHandle(NULL) is the program.
 * fRebind  TRUE: to this library; FALSE: back to the system's.
 *
 * Returns DMLERR_NO_ERROR when all its imports of DDE lead there, also if they did before; DMLERR_NOTPROCESSED if it
 * imports nothing of DDE from user32, and always on Linux; DMLERR_INVALIDPARAMETER if hModule is no module of this
 * process; DMLERR_SYS_ERROR if the system refuses, and nothing has been changed. */
DDEML_API UINT WINAPI DdemlRebindModule(HANDLE hModule, BOOL fRebind);

/* DdeGetQualityOfService: a name that user32 exports and nothing describes; here so that programs that import
 * it can start. Returns FALSE, the reason in GetLastError (errno). */
DDEML_API BOOL WINAPI DdeGetQualityOfService(HWND hwndClient, HWND hwndServer,
                                             PSECURITY_QUALITY_OF_SERVICE pqos);

/* DdemlGetVersion: the version of the library that the program runs with, in the form of DDEML_VERSION. It
 * cannot fail. */
DDEML_API DWORD WINAPI DdemlGetVersion(void);

#ifdef __cplusplus
}
#endif

#endif
