/*
 * Signs as fast as a program can that calls SoftHSM directly: the ceiling of whatever stands between.
 * Makes a token with a P-384 and an Ed25519 key in the directory that SOFTHSM2_CONF names; then each
 * line of standard input, `P-384 COUNT` or `Ed25519 COUNT`, is answered by the CPU seconds of as many
 * signatures of 48 bytes.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "pkcs11.h"

#define CKM_EC_EDWARDS_GENERATE 0x1055UL
#define CKM_ED_SIGN 0x1057UL
#define CKK_EDWARDS 0x40UL

static CK_FUNCTION_LIST_PTR p11;

static void check(CK_RV rv, const char *what) {
  if (rv == CKR_OK) return;
  fprintf(stderr, "%s: 0x%lx\n", what, rv);
  exit(1);
}

static double cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec +
         (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static CK_OBJECT_HANDLE make_key(CK_SESSION_HANDLE session, CK_ULONG generate, CK_ULONG type,
                                 const char *curve, CK_ULONG curve_length) {
  CK_MECHANISM mechanism = {generate, NULL, 0};
  CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
  CK_ATTRIBUTE open[] = {{CKA_KEY_TYPE, &type, sizeof type},
                         {CKA_TOKEN, &yes, sizeof yes},
                         {CKA_VERIFY, &yes, sizeof yes},
                         {CKA_EC_PARAMS, (void *)curve, curve_length}};
  CK_ATTRIBUTE own[] = {{CKA_KEY_TYPE, &type, sizeof type},   {CKA_TOKEN, &yes, sizeof yes},
                        {CKA_PRIVATE, &yes, sizeof yes},      {CKA_SENSITIVE, &yes, sizeof yes},
                        {CKA_EXTRACTABLE, &no, sizeof no},    {CKA_SIGN, &yes, sizeof yes}};
  CK_OBJECT_HANDLE open_key, own_key;
  check(p11->C_GenerateKeyPair(session, &mechanism, open, 4, own, 6, &open_key, &own_key), "key");
  return own_key;
}

int main(void) {
  void *module = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
  CK_C_GetFunctionList get;
  CK_SLOT_ID slots[8];
  CK_ULONG count = 8;
  CK_SESSION_HANDLE session;
  CK_UTF8CHAR label[32];
  CK_UTF8CHAR pin[] = "1234";
  CK_OBJECT_HANDLE p384, ed25519;
  char line[128];
  if (module == NULL) return 1;
  get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
  check(get(&p11), "C_GetFunctionList");
  check(p11->C_Initialize(NULL), "C_Initialize");
  check(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
  memset(label, ' ', sizeof label);
  memcpy(label, "speed", 5);
  check(p11->C_InitToken(slots[0], pin, 4, label), "C_InitToken");
  check(p11->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        "C_OpenSession");
  check(p11->C_Login(session, CKU_SO, pin, 4), "C_Login");
  check(p11->C_InitPIN(session, pin, 4), "C_InitPIN");
  check(p11->C_Logout(session), "C_Logout");
  check(p11->C_Login(session, CKU_USER, pin, 4), "C_Login");
  p384 = make_key(session, CKM_EC_KEY_PAIR_GEN, CKK_EC, "\x06\x05\x2b\x81\x04\x00\x22", 7);
  ed25519 = make_key(session, CKM_EC_EDWARDS_GENERATE, CKK_EDWARDS, "\x13\x0c" "edwards25519", 14);
  while (fgets(line, sizeof line, stdin) != NULL) {
    char name[16];
    int i, times;
    CK_BYTE data[48] = {1}, signature[128];
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE key = p384;
    double began = cpu();
    if (sscanf(line, "%15s %d", name, &times) != 2) return 1;
    if (strcmp(name, "Ed25519") == 0) {
      mechanism.mechanism = CKM_ED_SIGN;
      key = ed25519;
    }
    for (i = 0; i < times; i++) {
      CK_ULONG length = sizeof signature;
      data[0] = (CK_BYTE)i;
      check(p11->C_SignInit(session, &mechanism, key), "C_SignInit");
      check(p11->C_Sign(session, data, sizeof data, signature, &length), "C_Sign");
    }
    printf("%.6f\n", cpu() - began);
    fflush(stdout);
  }
  return 0;
}
