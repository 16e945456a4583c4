/**
 * Words that are tried first, in small letters: what leaked lists show most often all over the world, and what is
 * usual in Indonesian offices. Written down for this product; short, because the delay after failures does the rest.
 */
const COMMON = `
password passw0rd password1 password123 password1234 password12345 12345678 123456789 1234567890
12345678910 qwerty qwerty123 qwertyuiop qwerty1234 qwertyuiop123 1q2w3e4r 1q2w3e4r5t 1qaz2wsx
1qaz2wsx3edc zaq12wsx qazwsx qazwsxedc asdfgh asdfghjkl zxcvbnm zxcvbnm123 letmein letmein123 welcome
welcome1 welcome123 iloveyou iloveyou1 iloveyou123 admin admin123 admin1234 admin12345 administrator
administrator1 root rootroot toor changeme changeme123 default secret secret123 master monkey dragon
sunshine princess football baseball basketball superman batman trustno1 shadow michael jennifer jordan
hunter hunter2 ashley bailey passpass starwars whatever freedom computer internet server network router
switch cisco cisco123 mikrotik mikrotik123 ubuntu debian centos redhat oracle oracle123 postgres
postgres123 mysql mysql123 vmware vmware123 windows windows10 windows11 microsoft google google123
facebook facebook123 instagram whatsapp youtube telegram samsung xiaomi iphone android login login123
guest guest123 guestguest user user1234 username test test123 test1234 testtest testing testing123 temp
temp1234 temporary demo demo1234 example sample sample123 hello hello123 helloworld abc123 abcd1234
abcdef abcdefgh abcdefghij a1b2c3d4 aa123456 p@ssw0rd p@ssword pass1234 passphrase passwordpassword
mypassword mypassword123 newpassword newpassword1 oldpassword nopassword password! qwerty! qweasd
qweasdzxc qwe123 qwe12345 asd123 asdasd asdasdasd zxczxc poiuytrewq lkjhgfdsa mnbvcxz 0987654321
9876543210 987654321 1111111111 0000000000 1212121212 123123123 123321123 1234512345 11223344 1122334455
112233445566 147258369 159753 159357 741852963 789456123 456789 666666 777777 888888 88888888 99999999
696969 55555555 44444444 33333333 22222222 monkey123 dragon123 sunshine1 princess1 football1 superman1
killer killer123 pokemon naruto naruto123 sasuke doraemon onepiece matrix startrek liverpool liverpool1
chelsea arsenal arsenal1 manchester manchesterunited realmadrid barcelona barcelona1 juventus acmilan
intermilan ronaldo ronaldo7 messi10 messi1010 charlie daniel andrew jessica amanda nicole michelle
thomas robert william anthony matthew joshua justin summer summer2024 summer2025 summer2026 winter
winter2024 winter2025 spring autumn monday friday january february march2026 april july august september
october november december company company123 office office123 office365 security security1 security123
access access123 access1234 access14 door door1234 opendoor keycard lock1234 unlock unlock123 entrance
serverroom serverroom1 datacenter datacenter1 datacentre support support123 helpdesk helpdesk1 service
service123 manager manager1 operator operator1 supervisor supervisor1 technician auditor auditor123
backup backup123 firewall firewall1 cloud123 database database1 system system123 letmeinnow openup
opensesame sesame money money123 lovely loveyou loveme lovelove forever forever1 family family123 mother
father sister brother baby123 angel angel123 flower flower123 orange apple banana cherry cookie
chocolate coffee coffee123 chicken butterfly rainbow diamond silver golden purple yellow katasandi
katasandi1 katasandi123 katasandi1234 kata_sandi sandi sandi123 sandi12345 rahasia rahasia1 rahasia123
rahasia1234 rahasiaku rahasianegara rahasiabanget sangatrahasia masuk masuk123 masukaja masuksini buka
buka123 bukapintu bukapintu1 pintu pintu123 pintumasuk palang palangpintu palangpintu1 kunci kunci123
kuncipintu kuncirumah ruangserver ruangserver1 ruangserver123 pusatdata pusatdata1 indonesia indonesia1
indonesia17 indonesia45 indonesia123 indonesia1945 indonesiaraya merdeka merdeka1 merdeka45 merdeka17
merdeka1945 garuda garuda1 garuda123 pancasila pancasila1 pancasila5 bhinneka nusantara nusantara1
jakarta jakarta1 jakarta123 bandung bandung1 bandung123 surabaya surabaya1 semarang semarang1 yogyakarta
jogja jogja123 jogjakarta medan medan123 palembang makassar makassar1 denpasar bali123 bogor bogor123
depok depok123 bekasi bekasi123 tangerang malang malang123 solo1234 surakarta lampung padang padang123
pekanbaru pontianak samarinda balikpapan banjarmasin manado ambon jayapura kupang mataram cirebon tegal
kendal jambi prabumulih bengkulu aceh bandaaceh sayang sayang1 sayang123 sayangku sayangkamu sayangmu
sayangibu sayangayah cinta cinta1 cinta123 cintaku cintakamu cintasejati akucinta akucintakamu
akusayangkamu akucintaindonesia bismillah bismillah1 bismillah123 alhamdulillah alhamdulillah1
subhanallah allahuakbar insyaallah astaghfirullah assalamualaikum muhammad muhammad1 ahmad ahmad123
abdullah fatimah aisyah siti123 dewi123 putri putri123 putra putra123 budi123 budibudi agus agus123
andi123 anjing babi bangsat kampret bajingan monyet kucing kucingku ayam ayamgoreng ayam123 nasigoreng
rendang bakso bakso123 mieayam sate123 kopihitam kopi123 tehbotol indomie indomie1 gudeg123 persib
persib1933 persib123 persija persija1 persebaya persebaya1927 arema arema1987 aremania viking bonek
jakmania timnas timnas123 bulutangkis sepakbola pemda pemda123 pemkot pemkot123 pemkab pemkab123 pemprov
pemprov123 dinas dinas123 kominfo kominfo1 kominfo123 diskominfo diskominfo1 diskominfo123 bappeda
bappeda123 inspektorat inspektorat1 kecamatan kelurahan kabupaten provinsi pegawai pegawai1 pegawai123
asnasn bkd12345 bupati bupati123 walikota walikota1 gubernur sekda sekda123 kadis kadis123 kabid
kabid123 kepaladinas atasan atasan123 teknisi teknisi1 teknisi123 petugas petugas1 petugas123
operator123 admindesa adminweb admin@123 admin2024 admin2025 admin2026 pengguna pengguna1 pengunjung
tamu tamu1234 tamu123 komputer komputer1 komputer123 laptop laptop123 jaringan jaringan1 jaringan123
aplikasi aplikasi1 sistem sistem123 sistemku internetku wifi wifi1234 wifikantor wifirumah kantor
kantor1 kantor123 kantorku rumah rumah123 rumahku sekolah sekolah1 sekolahku kuliah mahasiswa guru
guru123 bapak bapak123 ibuku ibu12345 mamaku mama123 papaku papa123 mamapapa anakku anak123 keluarga
keluarga1 keluargaku bahagia bahagia1 sukses sukses1 sukses123 semangat semangat1 semangat45 pejuang
pahlawan matahari bintang bintang1 bulan bulan123 bulanpurnama langit laut gunung merapi merapi123
semeru bromo pelangi mawar melati melati123 anggrek senin selasa rabu kamis jumat sabtu minggu januari
februari maret april2026 agustus agustus17 september1 oktober november1 desember terserah terserahlah
tidaktahu tidakada gaktau lupa lupa123 lupalagi lupapassword gantipassword ganti123 passwordbaru
passwordlama passwordku passwordsaya katakunci katakunci1 satu dua tiga satuduatiga satuduatigaempat
empat lima duaribu coba coba123 cobacoba cobalagi contoh contoh123 tes tes123 testes qwertyindonesia
`;

const words: ReadonlySet<string> = new Set(COMMON.trim().split(/\s+/));

/** Tells whether a word in small letters is one of those that are tried first. @see rule SU30 */
export const isGuessedFirst = (word: string): boolean => words.has(word);
